/* Position and Jacobian of an arm with seven joints: column i is z_i x (p - o_i). */
#define _GNU_SOURCE
#include <math.h>
#include <time.h>

/* By joint: the offsets a and d, cosine and sine of the twist (Craig's convention). */
static const double ARM[7][4] = {{0, .333, 1, 0},      {0, 0, 0, -1},       {0, .316, 0, 1}, {.0825, 0, 0, 1},
                                 {-.0825, .384, 0, -1}, {0, 0, 0, 1}, {.088, .107, 0, 1}};

__attribute__((noinline)) void forward(const double *q, double *p, double *J) {
    double R[9] = {1, 0, 0, 0, 1, 0, 0, 0, 1}, next[9], origin[21], axis[21];
    p[0] = p[1] = p[2] = 0;
#pragma GCC unroll 7
    for (int i = 0; i < 7; i++) {
        double c, s;
        sincos(q[i], &s, &c);
        const double a = ARM[i][0], d = ARM[i][1], ct = ARM[i][2], st = ARM[i][3];
        for (int r = 0; r < 3; r++) {
            const double *row = R + 3 * r;
            p[r] += row[0] * a - row[1] * (st * d) + row[2] * (ct * d);
            double mixed = row[1] * ct + row[2] * st;
            next[3 * r] = row[0] * c + mixed * s;
            next[3 * r + 1] = -row[0] * s + mixed * c;
            next[3 * r + 2] = -row[1] * st + row[2] * ct;
            origin[3 * i + r] = p[r];
            axis[3 * i + r] = next[3 * r + 2];
        }
        for (int k = 0; k < 9; k++) R[k] = next[k];
    }
    for (int i = 0; i < 7; i++) {
        const double *z = axis + 3 * i, *o = origin + 3 * i;
        double x = p[0] - o[0], y = p[1] - o[1], h = p[2] - o[2];
        J[i] = z[1] * h - z[2] * y;
        J[7 + i] = z[2] * x - z[0] * h;
        J[14 + i] = z[0] * y - z[1] * x;
    }
}

/* Seconds of one call. */
double timed(const double *q, double *p, double *J, long calls) {
    double moved[7];
    struct timespec a, e;
    for (int i = 0; i < 7; i++) moved[i] = q[i];
    clock_gettime(CLOCK_MONOTONIC, &a);
    for (long r = 0; r < calls; r++) {
        moved[r % 7] += 1e-13;
        forward(moved, p, J);
        __asm__ volatile("" ::"r"(p), "r"(J) : "memory");
    }
    clock_gettime(CLOCK_MONOTONIC, &e);
    return ((e.tv_sec - a.tv_sec) + 1e-9 * (e.tv_nsec - a.tv_nsec)) / calls;
}
