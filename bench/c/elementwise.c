/* exp(w)*x + cos(w), the diagonal of a Jacobian, by the vector mathematics of the C library. */
#include <math.h>

void diagonal(const double *restrict w, const double *restrict x, double *restrict out, long n, int threads) {
    if (threads < 2 || n < 20000) {
        for (long i = 0; i < n; i++) out[i] = exp(w[i]) * x[i] + cos(w[i]);
        return;
    }
#pragma omp parallel for simd num_threads(2) schedule(static)
    for (long i = 0; i < n; i++) out[i] = exp(w[i]) * x[i] + cos(w[i]);
}
