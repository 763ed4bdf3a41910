#include "gateway/items/mail_ref.h"

#include "base/clock.h"
#include "gateway/accounts/views.h"

static void
put_account(void *p)
{
	struct account *a = p;

	account_put(&a);
}

struct account *
request_account(struct request *r)
{
	struct account *a = account_get(r->gw, r->user, r->user_id, r->login,
					r->password);

	arena_defer(r->arena, put_account, a);
	r->account = a;
	return a;
}

struct tr_env
user_env(struct arena *a, const struct user_conf *u, unsigned version)
{
	struct tr_env env = tr_env_make(a, version);
	struct span *own = arena_array(a, u->n_emails + 1, sizeof(*own));
	size_t i;

	for (i = 0; i < u->n_emails; i++)
		own[i] = span_of(u->emails[i]);
	env.now = clock_wall();
	env.own = own;
	env.n_own = u->n_emails;
	env.zone = u->zone;
	return env;
}

struct tr_env
request_env(struct request *r)
{
	return user_env(r->arena, r->user, (unsigned)r->version);
}

bool
ref_find(struct request *r, struct span server_id, struct mail_ref *out,
	  struct err *e)
{
	struct place at;
	uint32_t coll;
	uint64_t item;

	if (!item_parse(server_id, &coll, &item))
		return err_set(e, ERR_INVALID, SCOPE_ITEM,
			       "not an id of ours: " SPAN_FMT,
			       SPAN_ARG(span_first(server_id, 80)));
	if (!place_find(r->gw, r->user_id, coll, item, r->arena, &at, e))
		return false;
	if (at.item.gone || !at.coll.attached)
		return err_set(e, ERR_NOT_FOUND, SCOPE_ITEM, "it is gone");
	out->named = at.named;
	out->shown = at.shown;
	out->coll = at.coll;
	out->item = at.item;
	return true;
}

bool
mail_find(struct request *r, struct span server_id, struct mail_ref *out,
	  struct err *e)
{
	if (!ref_find(r, server_id, out, e))
		return false;
	return out->coll.kind == KIND_EMAIL ||
	       err_set(e, ERR_INVALID, SCOPE_ITEM, "this is no mail");
}
