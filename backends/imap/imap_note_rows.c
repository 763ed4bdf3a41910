/* Which mails a mailbox of notes holds, and what they are called. */
#include "backends/imap/imap_notes_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/codec.h"

#define ROW_ITEMS \
	"UID RFC822.SIZE BODY.PEEK[HEADER.FIELDS (MESSAGE-ID " \
	"X-UNIVERSALLY-UNIQUE-IDENTIFIER X-EASBRIDGE-REPLACES)]"
#define AT_ONCE 500
#define MOST_MEMORY (8u << 20) /* names of mails that are gone stay in it */

void
imap_notes_close(struct imap *s)
{
	if (s->notes == NULL)
		return;
	arena_free(&s->notes->a);
	free(s->notes->box);
	free(s->notes);
	s->notes = NULL;
}

struct span
note_etag(struct arena *a, uint32_t uidvalidity, uint32_t uid)
{
	return span_of(arena_printf(a, "%u.%u", uidvalidity, uid));
}

bool
note_etag_read(struct span etag, uint32_t *uidvalidity, uint32_t *uid)
{
	struct span first = span_take_until(&etag, '.');

	return span_u32(first, uidvalidity) && span_u32(etag, uid);
}

const struct note_row *
note_rows_find(const struct note_rows *r, struct span name,
	       const struct note_row *before)
{
	size_t i = before != NULL ? (size_t)(before - r->v) : r->n;

	while (i-- > 0)
		if (span_eq(r->v[i].name, name))
			return &r->v[i];
	return NULL;
}

/* ---- is it there -----------------------------------------------------------*/

/* A name that cannot be selected: because there is nothing of that name, or
 * only a holder of others? Any other reason is trouble. */
static bool
is_missing(struct imap *s, struct span box, bool *missing, struct err *e)
{
	struct arena *a = arena_new();
	const char *quoted = imap_box(a, box, e);
	struct span wire = name_encode(a, box);
	struct mailimap_response_info *info;
	clistiter *i;
	bool ok = quoted != NULL &&
		  imap_do(s, "LIST", e, "LIST \"\" %s", quoted);

	*missing = true;
	info = ok ? s->m->imap_response_info : NULL;
	for (i = info && info->rsp_mailbox_list
			 ? clist_begin(info->rsp_mailbox_list)
			 : NULL;
	     i; i = clist_next(i)) {
		struct mailimap_mailbox_list *m = clist_content(i);

		if (m->mb_name && span_eq(span_of(m->mb_name), wire) &&
		    !imap_list_is_holder(m->mb_flag))
			*missing = false;
	}
	arena_free(&a);
	return ok;
}

bool
note_rows_missing(struct imap *s, struct span box, bool *missing,
		  struct err *e)
{
	struct err mine = { 0 };

	*missing = false;
	if (imap_select(s, box, 0, true, &mine))
		return true;
	if (mine.scope == SCOPE_ACCOUNT || mine.code == ERR_PEER)
		return err_set(e, mine.code, mine.scope, "%s", mine.text);
	if (!is_missing(s, box, missing, e))
		return false;
	return *missing ||
	       err_set(e, mine.code, mine.scope, "%s", mine.text);
}

/* ---- rows ------------------------------------------------------------------*/

static void
forget(struct imap *s, struct span box)
{
	imap_notes_close(s);
	s->notes = xcalloc(1, sizeof(*s->notes));
	s->notes->a = arena_new();
	s->notes->box = xstrdup(arena_str(s->notes->a, box));
	s->notes->uidvalidity = s->uidvalidity;
}

static bool
knows(const struct imap *s, struct span box)
{
	return s->notes != NULL && span_eq(span_of(s->notes->box), box) &&
	       s->notes->uidvalidity == s->uidvalidity &&
	       arena_size(s->notes->a) < MOST_MEMORY;
}

static void
take_row(struct imap *s, const struct fetched *f)
{
	struct note_rows *r = s->notes;
	struct span head, id;
	struct note_row *row;

	if (!f->uid || !f->body)
		return;
	/* NIL: it has none of these fields. */
	head = f->body->sec_body_part
		       ? span_from(f->body->sec_body_part,
				   f->body->sec_length)
		       : SPAN_NONE;
	id = note_field(head, "Message-ID");
	r->v = arena_grow(r->a, r->v, r->n, &r->room, sizeof(*r->v));
	row = &r->v[r->n++];
	*row = (struct note_row){ .uid = f->uid, .size = f->size };
	row->name = note_name(r->a, head,
			      note_etag(r->a, s->uidvalidity, f->uid));
	row->message_id = id.n > 0 ? hash64(SPAN_NONE, id) : 0;
	row->replaces = arena_dup(
		r->a, span_first(note_field(head, NOTES_REPLACES), 50));
}

static int
by_uid(const void *x, const void *y)
{
	const struct note_row *a = x, *b = y;

	return a->uid < b->uid ? -1 : a->uid > b->uid;
}

/* Rows of mails that are gone leave; what is left of `uids` is new. */
static size_t
keep_known(struct note_rows *r, struct arena *a, uint32_t *uids, size_t n)
{
	uint32_t *known = arena_array(a, r->n + 1, sizeof(*known));
	size_t i, kept = 0, fresh = 0;

	for (i = 0; i < r->n; i++)
		if (imap_find_uid(uids, n, r->v[i].uid) >= 0)
			r->v[kept++] = r->v[i];
	r->n = kept;
	for (i = 0; i < kept; i++)
		known[i] = r->v[i].uid;
	for (i = 0; i < n; i++)
		if (imap_find_uid(known, kept, uids[i]) < 0)
			uids[fresh++] = uids[i];
	return fresh;
}

static bool
fetch_rows(struct imap *s, const uint32_t *uids, size_t n, struct err *e)
{
	char set[SET_BYTES];
	clistiter *i;
	size_t k;

	for (; n > 0; uids += k, n -= k) {
		struct arena *a = arena_new();
		bool ok;

		k = imap_set(uids, n, AT_ONCE, set, sizeof(set));
		ok = imap_do(s, "FETCH", e, "UID FETCH %s (%s)", set,
			     ROW_ITEMS);
		for (i = ok && imap_fetched(s) ? clist_begin(imap_fetched(s))
					       : NULL;
		     i; i = clist_next(i)) {
			struct fetched f;

			imap_fetched_read(clist_content(i), a, &f);
			take_row(s, &f);
		}
		arena_free(&a);
		if (!ok)
			return false;
	}
	return true;
}

/* By name, then by UID. */
static int
by_name(const void *x, const void *y)
{
	const struct note_row *a = *(struct note_row *const *)x;
	const struct note_row *b = *(struct note_row *const *)y;
	int r = span_cmp(a->name, b->name);

	return r ? r : by_uid(a, b);
}

static void
sort_rows(struct note_rows *r, struct arena *a)
{
	struct note_row **v = arena_array(a, r->n + 1, sizeof(*v));
	size_t i;

	if (r->n == 0)
		return;
	qsort(r->v, r->n, sizeof(*r->v), by_uid);
	for (i = 0; i < r->n; i++)
		v[i] = &r->v[i];
	qsort(v, r->n, sizeof(struct note_row *), by_name);
	for (i = 0; i < r->n; i++)
		v[i]->newest = i + 1 == r->n ||
			       !span_eq(v[i]->name, v[i + 1]->name);
}

bool
note_rows_look(struct imap *s, struct span box, struct err *e)
{
	struct arena *a = arena_new();
	uint32_t *uids = NULL;
	size_t n = 0;
	bool missing = true;
	bool ok = note_rows_missing(s, box, &missing, e) &&
		  (missing || imap_uids(s, "UNDELETED", a, &uids, &n, e));

	if (ok && (missing || !knows(s, box)))
		forget(s, box);
	if (ok && n > MAX_NOTES) {
		uids += n - MAX_NOTES;
		n = MAX_NOTES;
	}
	if (ok) {
		s->notes->there = !missing;
		n = keep_known(s->notes, a, uids, n);
		ok = fetch_rows(s, uids, n, e);
		sort_rows(s->notes, a);
	}
	if (!ok)
		imap_notes_close(s);
	arena_free(&a);
	return ok;
}
