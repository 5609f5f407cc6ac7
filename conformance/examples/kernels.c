/* Convolution and max pooling with their gradients in C, judged by: refcnn verify --exec ./kernels  (see PROCESS.md)
   Built by: cc -std=c11 -O2 -o kernels kernels.c -lm */
#define _POSIX_C_SOURCE 200809L /* for getline */
#include <math.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
typedef struct { int rank, shape[5]; long count; double *cells; } Array; /* rank 0: not in the request */
static const char DIGITS[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static Array x, weight, bias, grad_output, result[3];
static int kernel_size[2], stride[2], dilation[2], padding[4] /* top, bottom, left, right */, out[2];
static int single; /* whether the arrays of the request are float32; what is computed is double in any case */
static jmp_buf refused;

static void require(int holds, const char *kind, const char *message) {
    if (holds) return;
    printf("\"error\": {\"kind\": \"%s\", \"message\": \"%s\"}}\n", kind, message);
    longjmp(refused, 1);
}

/* Find a value behind a key. Names and base64 hold no quotation marks, so that a search does, without a parser. */
#define FIND(text, key) find(text, "\"" key "\": ")
static const char *find(const char *text, const char *key) {
    const char *found = strstr(text, key);
    return found ? found + strlen(key) : "";
}

static void allocate(Array *array, int rank, const int *shape) {
    array->rank = rank, array->count = 1;
    for (int axis = 0; axis < rank; axis++) array->count *= array->shape[axis] = shape[axis];
    free(array->cells);
    array->cells = calloc((size_t)array->count + 1, sizeof(double)); /* one more, for calloc(0) may be NULL */
}

static void receive(Array *array, const char *given) {
    const char *digit = FIND(given, "data") + 1;
    if (array->rank = 0, !*given) return;
    single = !strncmp(FIND(given, "dtype"), "\"float32\"", 9);
    require(single || !strncmp(FIND(given, "dtype"), "\"float64\"", 9), "type", "arrays must be floating");
    int n[5], rank = sscanf(FIND(given, "shape"), "[%d, %d, %d, %d, %d", &n[0], &n[1], &n[2], &n[3], &n[4]);
    allocate(array, rank, n);
    unsigned char *bytes = (unsigned char *)array->cells; /* little-endian, as this machine is taken to be */
    unsigned bits = 0, held = 0; float narrow;
    for (long i = 0; i < array->count * (single ? 4 : 8); i++, held -= 8) {
        for (; held < 8; held += 6) bits = bits << 6 | (unsigned)(strchr(DIGITS, *digit++) - DIGITS);
        bytes[i] = (unsigned char)(bits >> (held - 8));
    }
    for (long i = array->count; single && i-- > 0; array->cells[i] = narrow) memcpy(&narrow, bytes + 4 * i, 4);
}

static void print(const Array *array, const char *before) {
    unsigned bits = 0, held = 0, written = 0;
    printf("%s{\"dtype\": \"%s\", \"shape\": [", before, single ? "float32" : "float64");
    for (int axis = 0; axis < array->rank; axis++) printf("%s%d", axis ? ", " : "", array->shape[axis]);
    printf("], \"data\": \"");
    for (long i = 0; i < array->count * (single ? 4 : 8); i++) {
        float narrow = (float)array->cells[i / (single ? 4 : 8)];
        bits = bits << 8 | (single ? ((unsigned char *)&narrow)[i % 4] : ((unsigned char *)array->cells)[i]);
        for (held += 8; held >= 6; held -= 6, written++) putchar(DIGITS[bits >> (held - 6) & 63]);
    }
    if (held) putchar(DIGITS[bits << (6 - held) & 63]), written++;
    printf("%s\"}", written % 4 == 2 ? "==" : written % 4 == 3 ? "=" : "");
}

/* Check the windows and count them; make room for what is asked for: y, or the gradients of x, weight and bias. */
static void start(int backward, int channels, int ceil_mode) {
    for (int axis = 0; axis < 2; axis++) {
        int size = x.shape[2 + axis], step = stride[axis], before = padding[2 * axis], after = padding[2 * axis + 1];
        int legal = kernel_size[axis] > 0 && step > 0 && dilation[axis] > 0 && before >= 0 && after >= 0;
        require(legal, "value", "kernel_size, stride, dilation must be at least 1 and padding at least 0");
        int room = size + before + after - dilation[axis] * (kernel_size[axis] - 1) - 1;
        require(room >= 0, "value", "kernel must fit into the padded image");
        out[axis] = (room + (ceil_mode ? step - 1 : 0)) / step + 1;
        if (ceil_mode && (out[axis] - 1) * step >= size + before) out[axis]--;
    }
    int shape[] = {x.shape[0], channels, out[0], out[1]};
    int fits = grad_output.rank == 4 && !memcmp(grad_output.shape, shape, sizeof shape);
    require(!backward || fits, "value", "grad_output must have the shape of the output");
    allocate(&result[0], 4, backward ? x.shape : shape);
    allocate(&result[1], weight.rank, weight.shape);
    allocate(&result[2], 1, &channels);
}

/* Return where in x the tap of a plane's window lies, or -1 in the padding; both are counted row by row. */
static long place(long plane, long window, long tap) {
    long row = window / out[1] * stride[0] - padding[0] + tap / kernel_size[1] * dilation[0];
    long column = window % out[1] * stride[1] - padding[2] + tap % kernel_size[1] * dilation[1];
    if (row < 0 || row >= x.shape[2] || column < 0 || column >= x.shape[3]) return -1;
    return (plane * x.shape[2] + row) * x.shape[3] + column;
}

static void conv2d(int backward, int groups) {
    int F = weight.shape[0], C = weight.shape[1];
    require(x.rank == 4 && weight.rank == 4, "value", "x and weight must have 4 axes");
    require(groups > 0 && F % groups == 0 && x.shape[1] == C * groups, "value", "groups must fit x and weight");
    require(!bias.rank || (bias.rank == 1 && bias.shape[0] == F), "value", "bias must have one number a filter");
    memcpy(kernel_size, weight.shape + 2, sizeof kernel_size);
    start(backward, F, 0);
    long windows = (long)out[0] * out[1], area = (long)kernel_size[0] * kernel_size[1];
    for (long o = 0, at; o < x.shape[0] * F * windows; o++) {
        long f = o / windows % F, plane = o / windows / F * x.shape[1] + f / (F / groups) * C;
        if (backward) result[2].cells[f] += grad_output.cells[o];
        else result[0].cells[o] = bias.rank ? bias.cells[f] : 0;
        for (long w = f * C * area, tap = 0; tap < C * area; tap++, w++) {
            if ((at = place(plane + tap / area, o % windows, tap % area)) < 0) continue;
            if (!backward) result[0].cells[o] += x.cells[at] * weight.cells[w];
            if (backward) result[0].cells[at] += grad_output.cells[o] * weight.cells[w];
            if (backward) result[1].cells[w] += grad_output.cells[o] * x.cells[at];
        }
    }
}

static void max_pool2d(int backward, int ceil_mode) {
    require(x.rank == 4, "value", "x must have 4 axes");
    for (int i = 0; i < 4; i++) require(2 * padding[i] <= kernel_size[i / 2], "value", "padding must fit kernel_size");
    start(backward, x.shape[1], ceil_mode);
    long windows = (long)out[0] * out[1];
    for (long o = 0, at; o < x.shape[0] * x.shape[1] * windows; o++) {
        long most = -1; /* the first NaN of the window, or else its first maximum */
        for (long tap = 0; tap < kernel_size[0] * kernel_size[1]; tap++)
            if ((at = place(o / windows, o % windows, tap)) >= 0
                && (most < 0 || !(isnan(x.cells[most]) || x.cells[at] <= x.cells[most]))) most = at;
        if (!backward) result[0].cells[o] = most < 0 ? -INFINITY : x.cells[most];
        else if (most >= 0) result[0].cells[most] += grad_output.cells[o];
    }
}
#define PAIR(name) sscanf(FIND(request, #name), "[%d, %d", &name[0], &name[1])
static void answer(const char *request) {
    int *p = padding, is_conv = strstr(request, "\"conv2d") != NULL, backward = strstr(request, "_backward\"") != NULL;
    if (setjmp(refused)) return;
    receive(&x, FIND(request, "x")), receive(&weight, FIND(request, "weight")), receive(&bias, FIND(request, "bias"));
    receive(&grad_output, FIND(request, "grad_output"));
    PAIR(kernel_size), PAIR(stride), PAIR(dilation);
    sscanf(FIND(request, "padding"), "[[%d, %d], [%d, %d", &p[0], &p[1], &p[2], &p[3]);
    if (is_conv) conv2d(backward, atoi(FIND(request, "groups")));
    else max_pool2d(backward, *FIND(request, "ceil_mode") == 't');
    for (int i = 0; i < (is_conv && backward ? 3 : 1); i++) print(&result[i], i ? ", " : "\"results\": [");
    printf("]}\n");
}

int main(void) {
    char *line = NULL;
    for (size_t room = 0; getline(&line, &room, stdin) > 0 && !strstr(line, "\"stop\""); fflush(stdout)) {
        printf("{\"id\": %ld, ", strtol(FIND(line, "id"), NULL, 10));
        if (strstr(line, "\"call\"")) answer(line);
        else printf("\"operators\": [\"conv2d\", \"conv2d_backward\", \"max_pool2d\", \"max_pool2d_backward\"]}\n");
    }
}
