/* Mails in a Sync answer. */
#include <string.h>

#include "base/log.h"
#include "gateway/accounts/sessions.h"
#include "gateway/items/mail_content.h"
#include "gateway/meetings/arrivals.h"
#include "gateway/push/refresh.h"
#include "gateway/sync/read_ahead.h"
#include "gateway/sync/sync_answer.h"

/* What is fetched at a time: many mails, for the sake of round trips, but
 * little more than the answer can take. A mail's size is mostly that of its
 * attachments, which are not fetched: it counts up to MAIL_BYTES. */
#define BATCH_BYTES (2u << 20)
#define MAIL_BYTES (64u << 10)

/* FileReferences inside name the place, which is good in any view. */
void
sync_write_mail(struct wbxml_writer *w, struct arena *a, uint32_t coll,
		const struct tr_env *env, wbxml_tag tag, const struct place *p,
		const struct mail_content *mc)
{
	struct email_state st =
		mail_state(a, &p->coll, &p->item, p->item.flag_block);

	wbxml_open(w, tag);
	wbxml_text(w, WX_AirSync_ServerId, item_name(a, coll, p->shown));
	if (tag == WX_AirSync_Fetch)
		wbxml_uint(w, WX_AirSync_Status, 1);
	wbxml_open(w, WX_AirSync_ApplicationData);
	email_write(env, &mc->info, &mc->plan, &st, w);
	wbxml_close(w);
	wbxml_close(w);
}

static void
write_item(struct sync_one *one, wbxml_tag tag, const struct place *p,
	   const struct mail_content *mc)
{
	struct request *r = one->run->r;

	sync_write_mail(&r->w, r->arena, one->c.id, &one->o.env, tag, p, mc);
}

/* A draft whose text is another one by now: the whole item. */
static bool
is_rewritten(const struct sync_one *one, const struct win_change *ch)
{
	return (ch->which & ITEM_TEXT) != 0 ||
	       (one->c.type == FOLDER_DRAFTS && one->o.env.version >= 160 &&
		(ch->which & ITEM_ALL) == ITEM_ALL);
}

static void
write_flags(struct sync_one *one, const struct win_change *ch)
{
	const struct mirror_item *it = &ch->item;
	struct request *r = one->run->r;
	struct wbxml_writer *w = &r->w;
	struct email_state st =
		mail_state(r->arena, &one->c, it, it->flag_block);
	unsigned which = ch->which & ITEM_ALL; /* the bits are the same */

	if (r->version < 140)
		which &= EMAIL_CHANGED_READ | EMAIL_CHANGED_FLAG;
	if (which == 0)
		which = EMAIL_CHANGED_READ; /* a Change is never empty */
	wbxml_open(w, WX_AirSync_Change);
	wbxml_text(w, WX_AirSync_ServerId,
		   item_name(r->arena, one->c.id, it->item));
	wbxml_open(w, WX_AirSync_ApplicationData);
	email_write_flags(&one->o.env, &st, which, w);
	wbxml_close(w);
	wbxml_close(w);
}

/* A mail that the server cannot describe in a way we can read comes as a
 * readable stub, never as a stuck folder. */
static void
write_stub(struct sync_one *one, const struct place *p)
{
	struct request *r = one->run->r;
	struct wbxml_writer *w = &r->w;
	const struct mirror_item *it = &p->item;
	struct email_state st =
		mail_state(r->arena, &p->coll, it, it->flag_block);
	struct mail_info info = { .uid = mail_uid(it), .date = it->date,
				  .size = it->size, .found = true };

	wbxml_open(w, WX_AirSync_Add);
	wbxml_text(w, WX_AirSync_ServerId,
		   item_name(r->arena, one->c.id, p->shown));
	wbxml_open(w, WX_AirSync_ApplicationData);
	email_write_stub(&one->o.env, &info, &st,
			 "The mail server could not describe this mail. "
			 "Please open it in another program.",
			 w);
	wbxml_close(w);
	wbxml_close(w);
}

/* Mails of one mailbox, loaded together. */
struct load {
	struct sync_one *one;
	const struct coll *c;
	struct mirror_item *items;
	struct mail_content *mc;
	bool *stub;
	size_t n;
};

/* The batch failed over one mail's structure: one by one, each with a
 * session that is not out of step. */
static bool
load_each(struct load *l, struct err *e)
{
	struct sync_run *run = l->one->run;
	size_t i;

	for (i = 0; i < l->n; i++) {
		struct err mine = { 0 };
		struct source *s =
			account_checkout(run->a, l->c->source,
					 run->r->deadline_ms, &mine);
		bool ok = s != NULL &&
			  mail_load(s, l->c, &l->one->o.env, &l->items[i], 1,
				    &l->mc[i], &mine);

		account_checkin(run->a, &s, !ok);
		l->stub[i] = !ok && mine.code == ERR_PEER;
		if (l->stub[i])
			log_line(LOG_WARN, "stub", "coll=%u uid=%u text=\"%s\"",
				 l->c->id, mail_uid(&l->items[i]), mine.text);
		if (!ok && !l->stub[i]) {
			*e = mine;
			return false;
		}
	}
	return true;
}

static bool
load_all(struct load *l, struct err *e)
{
	struct sync_run *run = l->one->run;
	struct source *s = account_checkout(run->a, l->c->source,
					    run->r->deadline_ms, e);
	bool ok = s != NULL && mail_load(s, l->c, &l->one->o.env, l->items,
					 l->n, l->mc, e);

	if (s != NULL && !ok && e->code == ERR_PEER) {
		err_clear(e);
		account_checkin(run->a, &s, true);
		return load_each(l, e);
	}
	account_checkin(run->a, &s, !ok && account_broken(e));
	return ok;
}

/* Those of v that lie in the mailbox of v[first], if it is the first. */
static bool
load_group(struct sync_one *one, const struct place *v, size_t n,
	   size_t first, size_t *group, struct mail_content *mc, bool *stub,
	   struct err *e)
{
	struct arena *a = one->run->r->arena;
	size_t i;
	struct load l = { .one = one, .c = &v[first].coll };

	l.n = sync_group(v, n, first, group);
	if (l.n == 0)
		return true;
	l.items = arena_array(a, l.n, sizeof(*l.items));
	l.mc = arena_array(a, l.n, sizeof(*l.mc));
	l.stub = arena_array(a, l.n, sizeof(*l.stub));
	for (i = 0; i < l.n; i++)
		l.items[i] = v[group[i]].item;
	if (!load_all(&l, e))
		return sync_pass_over(one, l.c, e);
	for (i = 0; i < l.n; i++) {
		mc[group[i]] = l.mc[i];
		stub[group[i]] = l.stub[i];
	}
	return true;
}

/* One batch of Adds; false if the source failed as a whole. */
static bool
write_adds(struct sync_one *one, const size_t *at, size_t n, size_t *written,
	   struct err *e)
{
	struct arena *a = one->run->r->arena;
	struct mail_content *mc = arena_array(a, n, sizeof(*mc));
	struct place *v = arena_array(a, n, sizeof(*v));
	bool *stub = arena_array(a, n, sizeof(*stub));
	size_t *group = arena_array(a, n, sizeof(*group)), i;

	if (!sync_places(one, at, n, v, e))
		return false;
	for (i = 0; i < n; i++)
		if (!load_group(one, v, n, i, group, mc, stub, e))
			return false;
	for (i = 0; i < n; i++) {
		if (stub[i]) {
			write_stub(one, &v[i]);
			(*written)++;
			continue;
		}
		if (!mc[i].info.found) {
			window_owe(&one->w, at[i]); /* the log will tell */
			refresh_distrust(one->run->a, one->c.id);
			continue;
		}
		write_item(one,
			   one->w.v[at[i]].op == WIN_ADD ? WX_AirSync_Add
							 : WX_AirSync_Change,
			   &v[i], &mc[i]);
		arrivals_see(one->run->a, &v[i].coll, &v[i].item,
			     &one->o.env, &mc[i]);
		(*written)++;
	}
	return true;
}

static size_t
add_bytes(const struct mirror_item *it)
{
	return it->size < MAIL_BYTES ? it->size : MAIL_BYTES;
}

/* All changes of the window. What does not fit into the answer is owed, and
 * the answer says MoreAvailable. */
bool
sync_write_mails(struct sync_one *one, size_t *written, struct err *e)
{
	struct sync_run *run = one->run;
	size_t batch[SYNC_BATCH], n = 0, i, bytes = 0;
	bool ok = true;

	for (i = 0; i < one->w.n; i++) {
		const struct win_change *ch = &one->w.v[i];

		if (ch->op == WIN_DELETE || ch->op == WIN_SOFT_DELETE) {
			sync_write_death(one, ch);
			(*written)++;
		} else if (ch->op == WIN_CHANGE && !is_rewritten(one, ch)) {
			write_flags(one, ch);
			(*written)++;
		}
	}
	for (i = 0; ok && i <= one->w.n; i++) {
		if (i < one->w.n && one->w.v[i].op == WIN_ADD &&
		    !sync_over_budget(run) &&
		    ahead_write(one, &one->w.v[i].item)) {
			(*written)++;
			continue;
		}
		if (i < one->w.n &&
		    (one->w.v[i].op == WIN_ADD ||
		     (one->w.v[i].op == WIN_CHANGE &&
		      is_rewritten(one, &one->w.v[i])))) {
			bytes += add_bytes(&one->w.v[i].item);
			batch[n++] = i;
		}
		if (n == 0 ||
		    (n < SYNC_BATCH && bytes < BATCH_BYTES && i < one->w.n))
			continue;
		bytes = 0;
		if (*written > 0 && sync_over_budget(run)) {
			while (n > 0)
				window_owe(&one->w, batch[--n]);
			one->w.more = true;
			continue;
		}
		ok = write_adds(one, batch, n, written, e);
		n = 0;
	}
	return ok && !sync_was_down(one, *written, e);
}

bool
sync_fetch_mail(struct sync_one *one, struct sync_result *res, bool *gone)
{
	struct request *r = one->run->r;
	struct mail_content mc = { 0 };
	struct err e = { 0 };
	struct place at = { one->c, res->coll, res->item, res->shown };
	struct source *s = account_checkout(one->run->a, at.coll.source,
					    r->deadline_ms, &e);
	bool ok = s != NULL && mail_load(s, &at.coll, &one->o.env, &at.item,
					 1, &mc, &e);

	account_checkin(one->run->a, &s, !ok && account_broken(&e));
	*gone = ok && !mc.info.found;
	if (ok && mc.info.found)
		write_item(one, WX_AirSync_Fetch, &at, &mc);
	return ok && mc.info.found;
}
