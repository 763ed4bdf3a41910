#include "gateway/accounts/sessions.h"
#include "gateway/items/fetch.h"


bool
fetch_mail(struct request *r, const struct tr_env *env,
	   const struct mail_ref *ref, struct mail_content *out,
	   struct err *e)
{
	struct account *a = request_account(r);
	struct source *s =
		account_checkout(a, ref->coll.source, r->deadline_ms, e);
	bool ok = s != NULL &&
		  mail_load(s, &ref->coll, env, &ref->item, 1, out, e);

	account_checkin(a, &s, !ok && account_broken(e));
	if (ok && !out->info.found)
		return err_set(e, ERR_NOT_FOUND, SCOPE_ITEM, "mail is gone");
	return ok;
}

static bool
take_part(struct request *r, struct source *s, const struct mail_ref *ref,
	  struct span section, struct attach_range range,
	  struct fetched_file *out, struct err *e)
{
	uint32_t uid = mail_uid(&ref->item);
	const struct mail_part *part;
	struct mail_want want;
	struct mail_info info;

	if (!source_mail_info(s, ref->coll.remote, ref->coll.uidvalidity,
			      &uid, 1, r->arena, &info, e))
		return false;
	part = info.found ? part_find(info.root, section) : NULL;
	if (part == NULL)
		return err_set(e, ERR_NOT_FOUND, SCOPE_ITEM,
			       "no such attachment");
	attach_plan(part, uid, range, &want);
	if (!source_mail_parts(s, ref->coll.remote, ref->coll.uidvalidity,
			       &want, 1, r->arena, e) ||
	    !attach_take(r->arena, part, &want, range, &out->bytes,
			 &out->total, e))
		return false;
	out->content_type = part_content_type(r->arena, part);
	return true;
}

bool
fetch_file(struct request *r, struct span reference, struct attach_range range,
	   struct fetched_file *out, struct err *e)
{
	struct account *a = request_account(r);
	struct mail_ref ref;
	struct source *s;
	struct span item, section;
	uint32_t coll;
	bool ok;

	if (!file_reference_parse(r->arena, reference, &coll, &item, &section))
		return err_set(e, ERR_INVALID, SCOPE_ITEM,
			       "not a FileReference of ours");
	if (!mail_find(r, span_of(arena_printf(r->arena, "%u:" SPAN_FMT, coll,
					       SPAN_ARG(item))),
		       &ref, e))
		return false;
	s = account_checkout(a, ref.coll.source, r->deadline_ms, e);
	ok = s != NULL && take_part(r, s, &ref, section, range, out, e);
	account_checkin(a, &s, !ok && account_broken(e));
	return ok;
}
