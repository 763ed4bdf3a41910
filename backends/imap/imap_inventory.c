/* Who is in a mailbox and with which flags, for a comparison with what the
 * mirror says: no header, no size, no body. */
#include "backends/imap/imap_private.h"

#include <stdio.h>

#define AT_ONCE 1000

struct inventory {
	struct harvest *out;
	size_t room;
	struct arena *a;
};

static void
take(struct inventory *v, const struct fetched *f)
{
	struct harvest *h = v->out;
	char uid[16];
	int n;

	if (!f->uid || !f->has_flags || f->flags & MAIL_DELETED)
		return;
	h->puts = arena_grow(v->a, h->puts, h->n_puts, &v->room,
			     sizeof(*h->puts));
	n = snprintf(uid, sizeof(uid), "%u", f->uid);
	h->puts[h->n_puts++] = (struct change){
		.remote = arena_dup(v->a, span_from(uid, (size_t)n)),
		.flags = f->flags,
		.keywords = f->keywords,
		.flags_only = true,
	};
}

/* The first of them; *done tells how many. */
static bool
fetch(struct imap *s, struct inventory *v, const uint32_t *uids, size_t n,
      size_t *done, struct err *e)
{
	char set[SET_BYTES];
	clist *list;
	clistiter *i;

	*done = imap_set(uids, n, AT_ONCE, set, sizeof(set));
	if (!imap_do(s, "FETCH", e, "UID FETCH %s (UID FLAGS)", set))
		return false;
	list = imap_fetched(s);
	for (i = list ? clist_begin(list) : NULL; i; i = clist_next(i)) {
		struct fetched f;

		imap_fetched_read(clist_content(i), v->a, &f);
		take(v, &f);
	}
	return true;
}

bool
imap_inventory(void *session, struct span remote, struct arena *a,
	       struct harvest *out, struct err *e)
{
	struct imap *s = session;
	struct harvest h = { .scope = HARVEST_FULL };
	struct inventory v = { .out = &h, .a = a };
	uint32_t *uids;
	size_t n, k;

	/* Afresh, since what is told by the way is not kept: the next look
	 * at changes goes the long way. */
	if (!imap_select(s, remote, 0, true, e))
		return false;
	imap_moved(s);
	h.uidvalidity = s->uidvalidity;
	if (!imap_uids(s, "UNDELETED", a, &uids, &n, e))
		return false;
	for (; n > 0; uids += k, n -= k)
		if (!fetch(s, &v, uids, n, &k, e))
			return false;
	*out = h;
	return true;
}
