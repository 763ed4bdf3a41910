#include "gateway/items/fetch.h"

#include "gateway/accounts/objects.h"
#include "gateway/accounts/sessions.h"
#include "translate/calendar/event.h"
#include "translate/text/html.h"

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

/* Attachments of events (16.x); a link comes as a page that shows it. */
static bool
take_from_object(struct request *r, const struct mail_ref *ref,
		 struct span name, struct attach_range range,
		 struct fetched_file *out, struct err *e)
{
	struct span text, data, type, uri;

	if (!objects_load(request_account(r), &ref->coll, &ref->item, 1,
			  r->arena, &text, r->deadline_ms, e) ||
	    !event_attachment(r->arena, text, name, &data, &type, &uri, e))
		return false;
	if (uri.n > 0) {
		data = text_to_html_document(r->arena, uri);
		type = SPAN("text/html");
	}
	out->total = data.n;
	if (range.first >= data.n && data.n > 0)
		return err_set(e, ERR_INVALID, SCOPE_ITEM,
			       "the range is past the end");
	out->bytes = span_from_at(data, range.first);
	if (range.last - range.first < out->bytes.n)
		out->bytes = span_first(out->bytes,
					range.last - range.first + 1);
	out->content_type = arena_str(r->arena, type);
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
	if (!ref_find(r, span_of(arena_printf(r->arena, "%u:" SPAN_FMT, coll,
					      SPAN_ARG(item))),
		      &ref, e))
		return false;
	if (ref.coll.kind != KIND_EMAIL)
		return take_from_object(r, &ref, section, range, out, e);
	s = account_checkout(a, ref.coll.source, r->deadline_ms, e);
	ok = s != NULL && take_part(r, s, &ref, section, range, out, e);
	account_checkin(a, &s, !ok && account_broken(e));
	return ok;
}
