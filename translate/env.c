#include "translate/env.h"

#include <string.h>

struct tr_env
tr_env_make(struct arena *a, unsigned version)
{
	struct tr_env env;

	memset(&env, 0, sizeof(env));
	env.arena = a;
	env.version = version;
	env.mime_truncation = NO_TRUNCATION;
	return env;
}

static int
pref_rank(wbxml_tag t)
{
	switch (t) {
	case WX_AirSyncBase_Type:
		return 1;
	case WX_AirSyncBase_TruncationSize:
		return 2;
	case WX_AirSyncBase_AllOrNone:
		return 3;
	case WX_AirSyncBase_Preview:
		return 4;
	default:
		return 0;
	}
}

/* Children in schema order, each at most once. */
static bool
pref_in_order(const struct wbxml_node *pref)
{
	int last = 0;

	for (const struct wbxml_node *c = pref->child; c; c = c->next) {
		int rank = pref_rank(c->tag);

		if (!rank)
			continue;
		if (rank <= last)
			return false;
		last = rank;
	}
	return true;
}

static bool
read_pref(const struct wbxml_node *n, struct body_pref *out)
{
	uint32_t type, preview = 0, size = NO_TRUNCATION;

	if (!pref_in_order(n) ||
	    !wbxml_child_u32(n, WX_AirSyncBase_Type, &type) || type < 1 ||
	    type > 4)
		return false;
	if (wbxml_has(n, WX_AirSyncBase_TruncationSize) &&
	    !wbxml_child_u32(n, WX_AirSyncBase_TruncationSize, &size))
		return false;
	if (wbxml_has(n, WX_AirSyncBase_Preview) &&
	    (!wbxml_child_u32(n, WX_AirSyncBase_Preview, &preview) ||
	     preview > 255))
		return false;
	out->type = (enum body_type)type;
	out->truncation = size;
	out->all_or_none = size != NO_TRUNCATION &&
		wbxml_child_bool(n, WX_AirSyncBase_AllOrNone, false);
	out->preview = preview;
	return true;
}

static bool
add_pref(struct tr_env *env, const struct wbxml_node *n)
{
	struct body_pref p;

	if (!read_pref(n, &p) || env->n_body == MAX_BODY_PREFS)
		return false;
	for (size_t i = 0; i < env->n_body; i++)
		if (env->body[i].type == p.type)
			return false;
	env->body[env->n_body++] = p;
	return true;
}

static uint32_t
mime_truncation(const struct wbxml_node *options)
{
	static const uint32_t sizes[] = { 0, 4096, 5120, 7168, 10240, 20480,
					  51200, 102400 };
	uint32_t code;

	if (!wbxml_child_u32(options, WX_AirSync_MIMETruncation, &code) ||
	    code >= sizeof(sizes) / sizeof(sizes[0]))
		return NO_TRUNCATION;
	return sizes[code];
}

static enum body_prefs_result
read_part(const struct wbxml_node *n, struct tr_env *env)
{
	if (env->version < 141 || env->has_part)
		return BODY_PREFS_OK;
	if (!read_pref(n, &env->part))
		return BODY_PREFS_BAD;
	if (env->part.type != BODY_HTML)
		return BODY_PREFS_BAD_PART;
	env->has_part = true;
	return BODY_PREFS_OK;
}

enum body_prefs_result
body_prefs_read(const struct wbxml_node *options, struct tr_env *env)
{
	uint32_t support;

	env->n_body = 0;
	env->has_part = false;
	env->mime_support = 0;
	env->mime_truncation = mime_truncation(options);
	if (wbxml_child_u32(options, WX_AirSync_MIMESupport, &support) &&
	    support <= 2)
		env->mime_support = support;
	if (!options)
		return BODY_PREFS_OK;
	for (const struct wbxml_node *c = options->child; c; c = c->next) {
		enum body_prefs_result r = BODY_PREFS_OK;

		if (c->tag == WX_AirSyncBase_BodyPreference &&
		    !add_pref(env, c))
			return BODY_PREFS_BAD;
		if (c->tag == WX_AirSyncBase_BodyPartPreference)
			r = read_part(c, env);
		if (r != BODY_PREFS_OK)
			return r;
	}
	return BODY_PREFS_OK;
}
