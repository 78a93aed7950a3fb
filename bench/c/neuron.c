/* One neuron, max(0, w.x + b): value and gradient by w and b. What a call costs when nothing stands between caller and code. */
#include <time.h>

static double seconds(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec + 1e-9 * t.tv_nsec;
}

__attribute__((noinline)) double neuron(const double *w, const double *x, double b, long n, double *gw, double *gb) {
    double z = 0;
    for (long i = 0; i < n; i++) z += w[i] * x[i];
    z += b;
    int on = z > 0;
    for (long i = 0; i < n; i++) gw[i] = on ? x[i] : 0;
    *gb = on;
    return on ? z : 0;
}

/* Seconds of one call. */
double timed(const double *w, const double *x, double b, long n, double *gw, double *gb, long calls) {
    volatile double sink = 0;
    double start = seconds();
    for (long r = 0; r < calls; r++) {
        sink = neuron(w, x, b + 1e-12 * (r & 1), n, gw, gb);
        __asm__ volatile("" ::: "memory");
    }
    (void)sink;
    return (seconds() - start) / calls;
}
