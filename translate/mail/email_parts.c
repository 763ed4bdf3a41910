#include <string.h>

#include "base/limits.h"
#include "translate/mail/email_private.h"

bool
part_is(const struct mail_part *p, const char *type, const char *subtype)
{
	return (!type || span_eq_ci(p->type, span_of(type))) &&
		(!subtype || span_eq_ci(p->subtype, span_of(subtype)));
}

static bool
is_text(const struct mail_part *p)
{
	return (!p->type.n && !p->child) || part_is(p, "text", "plain") ||
		part_is(p, "text", "html") || part_is(p, "text", "") ||
		part_is(p, "text", "enriched");
}

/* Text that is shown, not offered as a file. */
static bool
is_shown(const struct mail_part *p)
{
	return is_text(p) && !p->is_message &&
		!span_eq_ci(p->disposition, SPAN("attachment"));
}

static bool
holds(const struct mail_part *p, const char *subtype, int depth)
{
	if (!p || depth > MAX_MIME_DEPTH || p->is_message)
		return false;
	if (!p->child)
		return is_shown(p) &&
			(!subtype || part_is(p, "text", subtype));
	for (const struct mail_part *c = p->child; c; c = c->next)
		if (holds(c, subtype, depth + 1))
			return true;
	return false;
}

/* The alternative to show. */
static const struct mail_part *
best(const struct mail_part *p, bool html, int depth)
{
	const struct mail_part *any = NULL, *hit = NULL;

	for (const struct mail_part *c = p->child; c; c = c->next) {
		if (holds(c, NULL, depth))
			any = html || !any ? c : any;
		if (holds(c, html ? "html" : "plain", depth))
			hit = html || !hit ? c : hit;
	}
	return hit ? hit : any;
}

static void
add(struct email_view *v, const struct mail_part *p)
{
	if (v->n == MAX_BODY_PIECES)
		return;
	v->want[v->n] = -1;
	v->part[v->n++] = p;
}

static void
walk(const struct mail_part *p, bool html, struct email_view *v, int depth)
{
	const struct mail_part *only = NULL;

	if (depth > MAX_MIME_DEPTH || p->is_message)
		return;
	if (!p->child) {
		/* A named text behind the first is a file. */
		if (is_shown(p) && (!v->n || !p->name.n))
			add(v, p);
		return;
	}
	if (part_is(p, "multipart", "alternative"))
		only = best(p, html, depth);
	else if (part_is(p, "multipart", "related") ||
		 part_is(p, "multipart", "signed"))
		only = p->child;
	if (only) {
		walk(only, html, v, depth + 1);
		return;
	}
	for (const struct mail_part *c = p->child; c; c = c->next)
		walk(c, html, v, depth + 1);
}

void
view_build(const struct mail_part *root, bool html, struct email_view *out)
{
	memset(out, 0, sizeof(*out));
	if (root)
		walk(root, html, out, 0);
}

bool
view_has_html(const struct email_view *v)
{
	for (size_t i = 0; i < v->n; i++)
		if (part_is(v->part[i], "text", "html"))
			return true;
	return false;
}

static bool
in_view(const struct email_view *v, const struct mail_part *p)
{
	for (size_t i = 0; i < v->n; i++)
		if (v->part[i] == p)
			return true;
	return false;
}

/* A leaf that only repeats what is shown: the other alternative. */
static bool
is_alternative(const struct mail_part *p, const struct email_plan *plan)
{
	return p == plan->calendar ||
		(is_shown(p) && !p->name.n) ||
		(part_is(p, "text", "calendar") && !p->name.n) ||
		part_is(p, "text", "x-amp-html");
}

struct lister {
	const struct email_plan *plan;
	struct arena *a;
	struct part_list *out;
};

static void
list(struct lister *l, const struct mail_part *p, bool alternative, int depth)
{
	if (depth > MAX_MIME_DEPTH)
		return;
	if (p->child && !p->is_message) {
		bool alt = part_is(p, "multipart", "alternative");

		for (const struct mail_part *c = p->child; c; c = c->next)
			list(l, c, alternative || alt, depth + 1);
		return;
	}
	if (in_view(&l->plan->text, p) || in_view(&l->plan->html, p) ||
	    p == l->plan->calendar || part_is(p, "multipart", NULL) ||
	    (alternative && is_alternative(p, l->plan)))
		return;
	l->out->v = arena_grow(l->a, l->out->v, l->out->n, &l->out->room,
			       sizeof(*l->out->v));
	l->out->v[l->out->n++] = p;
}

void
attachments_list(const struct tr_env *env, const struct mail_info *info,
		 const struct email_plan *plan, struct part_list *out)
{
	struct lister l = { plan, env->arena, out };

	memset(out, 0, sizeof(*out));
	if (info->root)
		list(&l, info->root, false, 0);
}

static const struct mail_part *
find_calendar(const struct mail_part *p, bool method, int depth)
{
	const struct mail_part *hit = NULL;

	if (depth > MAX_MIME_DEPTH || p->is_message)
		return NULL;
	if (!p->child)
		return part_is(p, "text", "calendar") &&
			(!method || p->boundary_method.n) ? p : NULL;
	for (const struct mail_part *c = p->child; c && !hit; c = c->next)
		hit = find_calendar(c, method, depth + 1);
	return hit;
}

const struct mail_part *
calendar_find(const struct mail_part *root)
{
	const struct mail_part *hit;

	if (!root)
		return NULL;
	hit = find_calendar(root, true, 0);
	return hit ? hit : find_calendar(root, false, 0);
}

bool
smime_is(const struct mail_part *r)
{
	if (!r)
		return false;
	if (part_is(r, "application", "pkcs7-mime") ||
	    part_is(r, "application", "x-pkcs7-mime"))
		return true;
	return part_is(r, "multipart", "signed") &&
		span_ends_ci(r->boundary_method, SPAN("pkcs7-signature"));
}
