/* The Jacobian of Burgers' equation, implicit in time, central differences: three entries a row. */
void jacobian(const double *restrict u, double *restrict entries, long n, double step, double dt, double nu, int threads) {
    double half = 1 / (2 * step), k = nu / (step * step), rate = 1 / dt;
#pragma omp parallel for num_threads(threads) if (threads > 1 && n > 20000)
    for (long i = 0; i < n; i++) {
        double up = i + 1 < n ? u[i + 1] : 0, down = i ? u[i - 1] : 0, t = u[i] * half;
        entries[3 * i] = -t - k;
        entries[3 * i + 1] = rate + (up - down) * half + 2 * k;
        entries[3 * i + 2] = t - k;
    }
}
