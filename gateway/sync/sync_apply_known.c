/* An Add of a contact that is there already: a phone whose memory of us was
 * lost (an account made anew, a state restored from a backup) sends up what it
 * once got from here; two phones send up the same SIM card. Where the phone
 * does not have an item yet that shows just what it sends, its Add is that
 * item: nothing is made twice (field/users 2.2: 200 contacts became 450).
 *
 * Just: the same name and an address or number in common, or copies in every
 * line, and then element by element the same. A name alone is nobody. */
#include <string.h>

#include "gateway/accounts/links.h"
#include "gateway/accounts/objects.h"
#include "gateway/sync/sync_apply.h"

#define MAX_LACKED 50000 /* items looked at; a phone that lacks more is new */

struct candidate {
	const struct mirror_item *item;
	struct link_card card;
	bool taken;
};

struct apply_known {
	struct candidate *v;
	size_t n;
};

static const struct link_rules rules = { .country = NULL };

/* The text of an item of p->named, as it is shown; empty if it is not kept
 * in the mirror. */
static bool
text_of(struct apply *p, const struct mirror_item *it, struct arena *a,
	struct span *out, struct err *e)
{
	struct place at;
	struct linked l;
	bool found;

	*out = SPAN_NONE;
	if (!place_find(p->a->gw, p->a->user, p->named->id, it->item, a, &at,
			e) ||
	    !mirror_content(p->a->gw->store, p->a->user, at.coll.id,
			    at.item.item, a, out, &found, e) ||
	    !links_load(p->a->gw, p->a->user, &at, a, &l, e)) {
		if (e->code != ERR_NOT_FOUND)
			return false;
		err_clear(e);
		*out = SPAN_NONE;
		return true;
	}
	if (!found || at.item.gone)
		*out = SPAN_NONE;
	else if (l.n > 0)
		*out = l.s.text;
	return true;
}

/* What the phone lacks; read once for a request. */
static bool
read_lacked(struct apply *p, struct err *e)
{
	struct apply_known *k = arena_alloc(p->r->arena, sizeof(*k));
	struct window w;
	size_t i;

	if (!sync_window(p->a->gw->store, p->pos, p->out->effects,
			 p->out->n_effects, INT64_MIN, MAX_LACKED,
			 p->r->arena, &w, e))
		return false;
	k->v = arena_array(p->r->arena, w.n + 1, sizeof(*k->v));
	for (i = 0; i < w.n; i++) {
		struct candidate *c = &k->v[k->n];
		struct arena *scratch;
		struct span text;
		bool ok;

		if (w.v[i].op != WIN_ADD)
			continue;
		scratch = arena_new();
		ok = text_of(p, &w.v[i].item, scratch, &text, e);
		if (ok && text.n > 0) {
			c->item = &w.v[i].item;
			link_read(p->r->arena, &rules, text, &c->card);
			k->n++;
		}
		arena_free(&scratch);
		if (!ok)
			return false;
	}
	p->known = k;
	return true;
}

static bool
share_a_key(const struct link_card *a, const struct link_card *b)
{
	size_t i, j;

	for (i = 0; i < a->n_keys; i++)
		for (j = 0; j < b->n_keys; j++)
			if (a->keys[i].kind != LINK_UID &&
			    b->keys[j].kind != LINK_UID &&
			    span_eq(a->keys[i].value, b->keys[j].value))
				return true;
	return false;
}

/* What a phone is shown of a card. */
static struct span
shown(struct apply *p, struct span text)
{
	struct tr_env env = p->o->env;
	struct buf b = BUF_INIT(16u << 20);
	struct wbxml_writer w;
	struct span out = SPAN_NONE;
	struct err e = { .code = ERR_NONE };

	wbxml_begin(&w, &b);
	wbxml_open(&w, WX_AirSync_ApplicationData);
	object_write(p->named, &env, text, &w);
	wbxml_close(&w);
	if (wbxml_end(&w, &e))
		out = arena_dup(p->r->arena, buf_view(&b));
	buf_free(&b);
	return out;
}

static bool
is_it(struct apply *p, const struct candidate *c, const struct link_card *card,
      struct span text, bool *same, struct err *e)
{
	struct span theirs;

	*same = false;
	if (c->taken || link_names(&c->card, card) != LINK_SAME ||
	    !share_a_key(&c->card, card))
		return true;
	if (!text_of(p, c->item, p->r->arena, &theirs, e))
		return false;
	*same = theirs.n > 0 && span_eq(shown(p, theirs), shown(p, text));
	return true;
}

bool
apply_known(struct apply *p, struct span text, const struct mirror_item **out,
	    struct err *e)
{
	struct link_card card;
	bool same;
	size_t i;

	*out = NULL;
	if (p->named->kind != KIND_CONTACT)
		return true;
	if (p->known == NULL && !read_lacked(p, e))
		return false;
	if (p->known->n == 0)
		return true;
	link_read(p->r->arena, &rules, text, &card);
	for (i = 0; i < p->known->n; i++) {
		struct candidate *c = &p->known->v[i];

		if (!is_it(p, c, &card, text, &same, e))
			return false;
		if (!same)
			continue;
		c->taken = true;
		*out = c->item;
		return true;
	}
	return true;
}
