#include "gateway/config/client_addr.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#define ADDR_ROOM 64

static bool
parse(struct span s, unsigned char out[16], bool *v4_out)
{
	char text[ADDR_ROOM];
	unsigned char v4[4];

	if (s.n == 0 || s.n >= sizeof(text))
		return false;
	memcpy(text, s.p, s.n);
	text[s.n] = '\0';
	*v4_out = inet_pton(AF_INET, text, v4) == 1;
	if (!*v4_out)
		return inet_pton(AF_INET6, text, out) == 1;
	memset(out, 0, 10);
	memset(out + 10, 0xff, 2);
	memcpy(out + 12, v4, 4);
	return true;
}

bool
network_from(const char *text, struct network *out)
{
	struct span rest = span_of(text);
	bool has_bits = span_find_byte(rest, '/') >= 0, v4;
	struct span addr = span_take_until(&rest, '/');
	uint32_t bits = 0;

	if (!parse(addr, out->a, &v4))
		return false;
	out->bits = 128;
	if (!has_bits)
		return true;
	if (!span_u32(rest, &bits) || bits > (v4 ? 32 : 128))
		return false;
	out->bits = bits + (v4 ? 96 : 0);
	return true;
}

static bool
holds(const struct network *n, const unsigned char a[16])
{
	unsigned whole = n->bits / 8, rest = n->bits % 8;

	if (memcmp(n->a, a, whole) != 0)
		return false;
	return rest == 0 || ((n->a[whole] ^ a[whole]) >> (8 - rest)) == 0;
}

bool
network_holds(const struct network *n, const char *addr)
{
	unsigned char a[16];
	bool v4;

	return parse(span_of(addr), a, &v4) && holds(n, a);
}

bool
addr_is_loopback(const char *addr)
{
	struct network v4, v6;

	return (network_from("127.0.0.0/8", &v4) &&
		network_holds(&v4, addr)) ||
	       (network_from("::1", &v6) && network_holds(&v6, addr));
}

static bool
is_trusted(const unsigned char a[16], const char *const *trusted, size_t n)
{
	struct network net;
	size_t i;

	for (i = 0; i < n; i++)
		if (network_from(trusted[i], &net) && holds(&net, a))
			return true;
	return false;
}

/* "192.0.2.1", "192.0.2.1:4711", "[2001:db8::1]:4711", "2001:db8::1" */
static struct span
without_port(struct span s)
{
	ptrdiff_t end;

	s = span_trim(s);
	if (s.n > 0 && s.p[0] == '[') {
		end = span_find_byte(s, ']');
		return end > 0 ? span_first(span_from_at(s, 1),
					    (size_t)end - 1) : SPAN_NONE;
	}
	end = span_find_byte(s, ':');
	if (end > 0 && span_find_byte(span_from_at(s, (size_t)end + 1),
				      ':') < 0)
		return span_first(s, (size_t)end);
	return s;
}

/* An IPv4 phone at an IPv6 socket is ::ffff:a.b.c.d to the system, and
 * a.b.c.d to everybody else. */
static const char *
print(struct arena *a, const unsigned char addr[16])
{
	static const unsigned char mapped[12] = { [10] = 0xff, [11] = 0xff };
	bool v4 = memcmp(addr, mapped, sizeof(mapped)) == 0;
	char text[ADDR_ROOM];

	return arena_str(a, span_of(inet_ntop(v4 ? AF_INET : AF_INET6,
					      v4 ? addr + 12 : addr, text,
					      sizeof(text))));
}

const char *
client_addr(struct arena *a, const char *peer, const char *forwarded_for,
	    const char *const *trusted, size_t n)
{
	struct span rest = span_of(forwarded_for), last;
	unsigned char addr[16], next[16];
	size_t at;
	bool v4;

	if (!parse(span_of(peer), addr, &v4))
		return peer;
	while (rest.n > 0 && is_trusted(addr, trusted, n)) {
		for (at = rest.n; at > 0 && rest.p[at - 1] != ',';)
			at--;
		last = without_port(span_from_at(rest, at));
		rest = span_first(rest, at > 0 ? at - 1 : 0);
		if (!parse(last, next, &v4))
			break;
		memcpy(addr, next, sizeof(addr));
	}
	return print(a, addr);
}
