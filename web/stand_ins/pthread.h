// There is one thread, no child and no signal.
#pragma once
static inline int pthread_atfork(void (*before)(void), void (*in_parent)(void), void (*in_child)(void)) {
  (void)before;
  (void)in_parent;
  (void)in_child;
  return 0;
}
