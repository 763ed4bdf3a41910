/* Sockets of the harness; not for tests. */
#ifndef TESTS_PHONE_NET_H
#define TESTS_PHONE_NET_H

#include <stdbool.h>
#include <stddef.h>

/* -1 on failure; reads give up after a minute. */
int harness_connect(const char *host, int port);
/* On a free port of 127.0.0.1. */
int harness_listen(int *port);
bool harness_write(int fd, const char *p, size_t n);

#endif
