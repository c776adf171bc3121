/* A delegate that takes the operator types it is told to, for the tests: its kernels do nothing.
 *
 * Options: claim = builtin codes separated by commas; fail = prepare: refuse the graph, crash: read address 0.
 * Layouts: tflite/core/c/common.h of LiteRT f674577. Needs nothing but the C library.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

typedef struct { int size; int data[]; } IntArray;
typedef struct Context Context;
typedef struct Delegate Delegate;
typedef struct { IntArray *inputs, *outputs, *intermediates, *temporaries; void *user_data, *builtin_data; } Node;
typedef struct {
  void *(*init)(Context *, const char *, size_t);
  void (*free)(Context *, void *);
  int (*prepare)(Context *, Node *);
  int (*invoke)(Context *, Node *);
  const char *(*profiling_string)(const Context *, const Node *);
  int32_t builtin_code;
  const char *custom_name;
  int version;
  void *registration_external, *async_kernel;
  uint64_t inplace_operator;
} Registration;
struct Context {
  size_t tensors_size;
  int (*get_execution_plan)(Context *, IntArray **);
  void *tensors, *impl, *resize_tensor, *report_error, *add_tensors;
  int (*get_node)(Context *, int, Node **, Registration **);
  int (*replace)(Context *, Registration, const IntArray *, Delegate *);
};
struct Delegate {
  void *data;
  int (*prepare)(Context *, Delegate *);
  void *from_buffer, *to_buffer, *free_buffer;
  int64_t flags;
  void *builder;
};
typedef struct { bool claimed[256]; int fail; } Wish;

static int nothing(Context *context, Node *node) { (void)context; (void)node; return 0; }

static int prepare(Context *context, Delegate *delegate) {
  const Wish *wish = delegate->data;
  if (wish->fail == 1) return 1;
  if (wish->fail == 2) *(volatile int *)0 = 1;
  IntArray *plan, *taken;
  if (context->get_execution_plan(context, &plan)) return 1;
  taken = malloc(sizeof(int) * (plan->size + 1));
  taken->size = 0;
  for (int i = 0; i < plan->size; i++) {
    Node *node;
    Registration *registration;
    if (context->get_node(context, plan->data[i], &node, &registration)) return 1;
    int code = registration->builtin_code;
    if (code >= 0 && code < 256 && wish->claimed[code]) taken->data[taken->size++] = plan->data[i];
  }
  Registration kernel = {.prepare = nothing, .invoke = nothing, .custom_name = "ToyDelegate", .version = 1};
  int status = context->replace(context, kernel, taken, delegate);
  free(taken);
  return status;
}

Delegate *tflite_plugin_create_delegate(char **keys, char **values, size_t count, void (*report)(const char *)) {
  Delegate *delegate = calloc(1, sizeof(Delegate));
  Wish *wish = calloc(1, sizeof(Wish));
  for (size_t i = 0; i < count; i++) {
    if (!strcmp(keys[i], "claim")) {
      for (char *text = values[i]; *text; text += *text == ',')
        wish->claimed[strtol(text, &text, 10) & 255] = true;
    } else if (!strcmp(keys[i], "fail")) {
      wish->fail = strcmp(values[i], "prepare") ? 2 : 1;
    } else {
      report("unknown option");
      return NULL;
    }
  }
  delegate->data = wish;
  delegate->prepare = prepare;
  return delegate;
}

void tflite_plugin_destroy_delegate(Delegate *delegate) {
  if (!delegate) return;
  free(delegate->data);
  free(delegate);
}
