/* Mails in a Sync answer. */
#include <string.h>

#include "base/log.h"
#include "gateway/accounts/sessions.h"
#include "gateway/items/mail_content.h"
#include "gateway/meetings/arrivals.h"
#include "gateway/sync/sync_answer.h"

/* What is fetched at a time: many mails, for the sake of round trips, but
 * little more than the answer can take. A mail's size is mostly that of its
 * attachments, which are not fetched: it counts up to MAIL_BYTES. */
#define BATCH_BYTES (2u << 20)
#define MAIL_BYTES (64u << 10)

static void
write_item(struct sync_one *one, wbxml_tag tag, const struct mirror_item *it,
	   const struct mail_content *mc)
{
	struct request *r = one->run->r;
	struct wbxml_writer *w = &r->w;
	struct email_state st =
		mail_state(r->arena, &one->c, it, it->flag_block);

	wbxml_open(w, tag);
	wbxml_text(w, WX_AirSync_ServerId,
		   item_name(r->arena, one->c.id, it->item));
	if (tag == WX_AirSync_Fetch)
		wbxml_uint(w, WX_AirSync_Status, 1);
	wbxml_open(w, WX_AirSync_ApplicationData);
	email_write(&one->o.env, &mc->info, &mc->plan, &st, w);
	wbxml_close(w);
	wbxml_close(w);
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
write_stub(struct sync_one *one, const struct mirror_item *it)
{
	struct request *r = one->run->r;
	struct wbxml_writer *w = &r->w;
	struct email_state st =
		mail_state(r->arena, &one->c, it, it->flag_block);
	struct mail_info info = { .uid = mail_uid(it), .date = it->date,
				  .size = it->size, .found = true };

	wbxml_open(w, WX_AirSync_Add);
	wbxml_text(w, WX_AirSync_ServerId,
		   item_name(r->arena, one->c.id, it->item));
	wbxml_open(w, WX_AirSync_ApplicationData);
	email_write_stub(&one->o.env, &info, &st,
			 "The mail server could not describe this mail. "
			 "Please open it in another program.",
			 w);
	wbxml_close(w);
	wbxml_close(w);
}

/* The batch failed over one mail's structure: one by one, each with a
 * session that is not out of step. */
static bool
load_each(struct sync_one *one, const struct mirror_item *items, size_t n,
	  struct mail_content *mc, bool *stub, struct err *e)
{
	struct sync_run *run = one->run;
	size_t i;

	for (i = 0; i < n; i++) {
		struct err mine = { 0 };
		struct source *s =
			account_checkout(run->a, one->c.source,
					 run->r->deadline_ms, &mine);
		bool ok = s != NULL && mail_load(s, &one->c, &one->o.env,
						 &items[i], 1, &mc[i], &mine);

		account_checkin(run->a, &s, !ok);
		stub[i] = !ok && mine.code == ERR_PEER;
		if (stub[i])
			log_line(LOG_WARN, "stub", "coll=%u uid=%u text=\"%s\"",
				 one->c.id, mail_uid(&items[i]), mine.text);
		if (!ok && !stub[i]) {
			*e = mine;
			return false;
		}
	}
	return true;
}

/* Writes the Adds of one batch; what the source could not give is owed.
 * A broken writer means that the answer is full: owed too. */
static bool
write_adds(struct sync_one *one, struct source **s, const size_t *at,
	   size_t n, size_t *written, struct err *e)
{
	struct request *r = one->run->r;
	struct mail_content *mc = arena_array(r->arena, n, sizeof(*mc));
	struct mirror_item *items = arena_array(r->arena, n, sizeof(*items));
	bool *stub = arena_array(r->arena, n, sizeof(*stub));
	size_t i;

	for (i = 0; i < n; i++)
		items[i] = one->w.v[at[i]].item;
	if (!mail_load(*s, &one->c, &one->o.env, items, n, mc, e)) {
		if (e->code != ERR_PEER)
			return false;
		err_clear(e);
		account_checkin(one->run->a, s, true);
		if (!load_each(one, items, n, mc, stub, e))
			return false;
	}
	for (i = 0; i < n; i++) {
		if (stub[i]) {
			write_stub(one, &items[i]);
			(*written)++;
			continue;
		}
		if (!mc[i].info.found) {
			window_owe(&one->w, at[i]); /* the log will tell */
			continue;
		}
		write_item(one,
			   one->w.v[at[i]].op == WIN_ADD ? WX_AirSync_Add
							 : WX_AirSync_Change,
			   &items[i], &mc[i]);
		arrivals_see(one->run->a, &one->c, &items[i], &one->o.env,
			     &mc[i]);
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
	struct source *s = NULL;
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
		if (s == NULL)
			s = account_checkout(run->a, one->c.source,
					     run->r->deadline_ms, e);
		ok = s != NULL && write_adds(one, &s, batch, n, written, e);
		n = 0;
	}
	account_checkin(run->a, &s, !ok && account_broken(e));
	return ok;
}

bool
sync_fetch_mail(struct sync_one *one, struct sync_result *res, bool *gone)
{
	struct request *r = one->run->r;
	struct mail_content mc = { 0 };
	struct err e = { 0 };
	struct source *s = account_checkout(one->run->a, one->c.source,
					    r->deadline_ms, &e);
	bool ok = s != NULL && mail_load(s, &one->c, &one->o.env, &res->item,
					 1, &mc, &e);

	account_checkin(one->run->a, &s, !ok && account_broken(&e));
	*gone = ok && !mc.info.found;
	if (ok && mc.info.found)
		write_item(one, WX_AirSync_Fetch, &res->item, &mc);
	return ok && mc.info.found;
}
