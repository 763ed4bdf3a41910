/* SRV and TXT of a mail domain (RFC 6764 6): the last thing that is tried,
 * and only for an address without a path. The target gets the password only
 * if dav_trusts says so: DNS proves nothing. */
#include "backends/dav/dav_private.h"

#include <arpa/nameser.h>
#include <resolv.h>
#include <stdlib.h>
#include <string.h>

#define MAX_DNS 8192

/* The target of the record that comes first: lowest priority, then highest
 * weight. A target "." says: not offered. */
const char *
dav_srv_read(struct arena *a, const unsigned char *msg, size_t n,
	     const char *path)
{
	unsigned best = 0x10000, heaviest = 0;
	const char *out = NULL;
	ns_msg m;
	ns_rr rr;
	int i;

	if (ns_initparse(msg, (int)n, &m) < 0)
		return NULL;
	for (i = 0; i < ns_msg_count(m, ns_s_an); i++) {
		const unsigned char *p;
		char name[NS_MAXDNAME];
		unsigned priority, weight;

		if (ns_parserr(&m, ns_s_an, i, &rr) < 0 ||
		    ns_rr_type(rr) != ns_t_srv || ns_rr_rdlen(rr) < 7)
			continue;
		p = ns_rr_rdata(rr);
		priority = ns_get16(p);
		weight = ns_get16(p + 2);
		if (priority > best || (priority == best &&
					weight <= heaviest && out != NULL) ||
		    dn_expand(msg, msg + n, p + 6, name, sizeof(name)) < 0 ||
		    name[0] == '\0' || strpbrk(name, "/?#@: ") != NULL)
			continue;
		best = priority;
		heaviest = weight;
		out = arena_printf(a, "https://%s:%u%s", name,
				   ns_get16(p + 4), path);
	}
	return out;
}

/* "path=/dav" of the TXT record. */
struct span
dav_srv_path(struct arena *a, const unsigned char *msg, size_t n)
{
	ns_msg m;
	ns_rr rr;
	int i;

	if (ns_initparse(msg, (int)n, &m) < 0)
		return SPAN_NONE;
	for (i = 0; i < ns_msg_count(m, ns_s_an); i++) {
		const char *p;
		struct span text;

		if (ns_parserr(&m, ns_s_an, i, &rr) < 0 ||
		    ns_rr_type(rr) != ns_t_txt || ns_rr_rdlen(rr) < 1)
			continue;
		p = (const char *)ns_rr_rdata(rr);
		text = span_first(span_from(p + 1, ns_rr_rdlen(rr) - 1u),
				  (unsigned char)p[0]);
		if (span_starts_ci(text, SPAN("path=/")))
			return arena_dup(a, span_from_at(text, 5));
	}
	return SPAN_NONE;
}

static size_t
query(res_state st, const char *name, int type, unsigned char *msg)
{
	int n = res_nquery(st, name, ns_c_in, type, msg, MAX_DNS);

	return n > 0 && n <= MAX_DNS ? (size_t)n : 0;
}

const char *
dav_srv(struct arena *a, const char *domain, bool contacts)
{
	const char *name = arena_printf(a, "%s._tcp.%s",
					contacts ? "_carddavs" : "_caldavs",
					domain), *out = NULL;
	unsigned char *msg = arena_alloc(a, MAX_DNS);
	struct __res_state st;
	struct span path = SPAN_NONE;
	size_t n;

	memset(&st, 0, sizeof(st));
	if (strchr(domain, '.') == NULL ||
	    strspn(domain, "0123456789.") == strlen(domain) ||
	    res_ninit(&st) != 0)
		return NULL;
	st.retrans = 2;
	st.retry = 1;
	n = query(&st, name, ns_t_txt, msg);
	if (n > 0)
		path = dav_srv_path(a, msg, n);
	n = query(&st, name, ns_t_srv, msg);
	if (n > 0)
		out = dav_srv_read(a, msg, n,
				   path.n > 0 ? arena_str(a, path) : "/");
	res_nclose(&st);
	return out;
}
