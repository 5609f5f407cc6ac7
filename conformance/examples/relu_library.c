/* relu and its gradient as a shared library; relu_library.py is what refcnn judges.
   Built by: cc -std=c11 -O2 -shared -fPIC -o relu_library.so relu_library.c */
#include <stddef.h>

#define RELU(type, suffix)                                                                                             \
    void relu_##suffix(const type *x, type *y, size_t count) {                                                         \
        for (size_t i = 0; i < count; i++) y[i] = x[i] <= 0 ? 0 : x[i]; /* NaN is not below 0, and stays */            \
    }                                                                                                                  \
    void relu_backward_##suffix(const type *grad, const type *x, type *grad_x, size_t count) {                         \
        for (size_t i = 0; i < count; i++) grad_x[i] = x[i] > 0 ? grad[i] : 0;                                         \
    }

RELU(float, f32)
RELU(double, f64)
