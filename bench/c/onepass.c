/* Value and gradient of a loss of X*w + b in one pass over X: blocks of rows stay in the first cache between their product with w and
   their part of the gradient. -DLOGISTIC: sum(log(1 + exp(-y t))); otherwise sum((y - max(0, t))^2). Sums, no means. */
#include <math.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>

enum { ROWS = 8 };

#ifdef LOGISTIC
static inline void loss(double t, double y, double *value, double *slope) {
    double m = -y * t, e = exp(-fabs(m));
    *value += (m > 0 ? m : 0) + log1p(e);
    *slope = -y * (m >= 0 ? 1 / (1 + e) : e / (1 + e));
}
#else
static inline void loss(double t, double y, double *value, double *slope) {
    double r = (t > 0 ? t : 0) - y;
    *value += r * r;
    *slope = t > 0 ? 2 * r : 0;
}
#endif

static void part(const double *restrict X, const double *restrict w, double b, const double *restrict y, long from, long to, long n,
                 double *restrict g, double *out) {
    double value = 0, gb = 0;
    memset(g, 0, n * sizeof(double));
    for (long i = from; i < to; i += ROWS) {
        long rows = to - i < ROWS ? to - i : ROWS;
        double t[ROWS], c[ROWS];
        for (long r = 0; r < rows; r++) {
            const double *x = X + (i + r) * n;
            double s0 = 0, s1 = 0, s2 = 0, s3 = 0;
            long j = 0;
            for (; j + 32 <= n; j += 32)
                for (int l = 0; l < 8; l++) {
                    s0 += x[j + l] * w[j + l];
                    s1 += x[j + 8 + l] * w[j + 8 + l];
                    s2 += x[j + 16 + l] * w[j + 16 + l];
                    s3 += x[j + 24 + l] * w[j + 24 + l];
                }
            for (; j < n; j++) s0 += x[j] * w[j];
            t[r] = s0 + s1 + s2 + s3 + b;
        }
        for (long r = 0; r < rows; r++) loss(t[r], y[i + r], &value, &c[r]);
        for (long r = 0; r < rows; r++) {
            const double *x = X + (i + r) * n;
            gb += c[r];
            if (c[r] != 0)
                for (long j = 0; j < n; j++) g[j] += c[r] * x[j];
        }
    }
    out[0] = value;
    out[1] = gb;
}

/* out: value, gradient by b. Two threads take half of the rows each. */
void gradient(const double *X, const double *w, double b, const double *y, long N, long n, double *g, double *out, int threads) {
    if (threads < 2 || N * n < 400000) {
        part(X, w, b, y, 0, N, n, g, out);
        return;
    }
    double o[2][2];
    double *other = aligned_alloc(64, (n * 8 + 63) / 64 * 64);
#pragma omp parallel num_threads(2)
    {
        int k = omp_get_thread_num();
        long middle = (N / 2) & ~3L;
        part(X, w, b, y, k ? middle : 0, k ? N : middle, n, k ? other : g, o[k]);
    }
    for (long j = 0; j < n; j++) g[j] += other[j];
    out[0] = o[0][0] + o[1][0];
    out[1] = o[0][1] + o[1][1];
    free(other);
}
