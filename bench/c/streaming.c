/* Value and gradient of the logistic loss over rows of f32 in one pass; sums of single precision are carried over to double every few thousand rows. */
#include <math.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>

enum { ROWS = 32, CARRY = 4096, TASK = 16384 };

static double part(const float *restrict X, const float *restrict w, const float *restrict y, long rows, long n, double *restrict G) {
    double value = 0;
    float g[n];
    for (long start = 0; start < rows; start += CARRY) {
        long end = start + CARRY < rows ? start + CARRY : rows;
        memset(g, 0, n * sizeof(float));
        for (long i = start; i < end; i += ROWS) {
            long m = end - i < ROWS ? end - i : ROWS;
            float t[ROWS], c[ROWS], sum = 0;
            for (long r = 0; r < m; r++) {
                const float *x = X + (i + r) * n;
                float s = 0;
                for (long j = 0; j < n; j++) s += x[j] * w[j];
                t[r] = -y[i + r] * s;
            }
            for (long r = 0; r < m; r++) {
                float e = expf(-fabsf(t[r]));
                sum += (t[r] > 0 ? t[r] : 0) + logf(1 + e);
                c[r] = -y[i + r] * (t[r] >= 0 ? 1 : e) / (1 + e);
            }
            value += sum;
            for (long r = 0; r < m; r++) {
                const float *x = X + (i + r) * n;
                for (long j = 0; j < n; j++) g[j] += c[r] * x[j];
            }
        }
        for (long j = 0; j < n; j++) G[j] += g[j];
    }
    return value;
}

double gradient(const float *X, const float *w, const float *y, long N, long n, double *G, int threads) {
    double value = 0;
    memset(G, 0, n * sizeof(double));
#pragma omp parallel num_threads(threads) reduction(+ : value)
    {
        double *own = calloc(n, sizeof(double));
#pragma omp for schedule(static)
        for (long b = 0; b < N; b += TASK) value += part(X + b * n, w, y + b, N - b < TASK ? N - b : TASK, n, own);
#pragma omp critical
        for (long j = 0; j < n; j++) G[j] += own[j];
        free(own);
    }
    return value;
}
