/* Who is behind a connection: the peer, or what trusted proxies say. */
#ifndef GATEWAY_CLIENT_ADDR_H
#define GATEWAY_CLIENT_ADDR_H

#include "base/arena.h"

struct network {
	unsigned char a[16]; /* IPv4 as ::ffff:a.b.c.d */
	unsigned bits;       /* of 128 */
};

/* "192.0.2.1", "2001:db8::1", "10.0.0.0/8". */
bool network_from(const char *text, struct network *out);
/* A numeric address; false also if it is none. */
bool network_holds(const struct network *n, const char *addr);
/* 127.0.0.0/8 and ::1. */
bool addr_is_loopback(const char *addr);

/* The address to blame: the peer unless it is one of the trusted ones, else
 * the last of X-Forwarded-For that is not. What is no address is never
 * returned: an attacker writes that header. */
const char *client_addr(struct arena *a, const char *peer,
			const char *forwarded_for,
			const char *const *trusted, size_t n);

#endif
