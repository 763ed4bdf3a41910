#include "gateway/accounts/notes_folder.h"

#include "base/log.h"
#include "gateway/accounts/sudden_loss.h"
#include "state/colls.h"

static bool
is_named(const struct source_conf *c)
{
	return c->kind == SOURCE_MAIL && c->notes != NULL &&
	       c->notes[0] != '\0';
}

int
notes_folder_source(const struct user_conf *conf)
{
	size_t i;

	for (i = 0; i < conf->n_sources; i++)
		if (is_named(&conf->sources[i]))
			return (int)i;
	return conf->n_sources > 0 && conf->sources[0].kind == SOURCE_MAIL &&
			       conf->sources[0].notes == NULL
		       ? 0
		       : -1;
}

static bool
any_named(const struct user_conf *conf)
{
	int i = notes_folder_source(conf);

	return i >= 0 && is_named(&conf->sources[i]);
}

enum notes_elsewhere
notes_folder_elsewhere(struct account *a, const struct user_conf *conf)
{
	enum notes_elsewhere result = NOTES_NOWHERE;
	struct arena *arena = arena_new();
	struct err none = { 0 };
	struct coll *v;
	size_t n = 0, i, k;

	if (!colls_list(a->gw->store, a->user, arena, &v, &n, &none))
		n = 0;
	for (i = 0; i < conf->n_sources && result != NOTES_IN_CALENDARS; i++) {
		bool known = false;

		if (conf->sources[i].kind != SOURCE_DAV)
			continue;
		for (k = 0; k < n; k++) {
			if (!v[k].attached ||
			    !span_eq(v[k].source,
				     span_of(conf->sources[i].name)))
				continue;
			known = true;
			if (v[k].kind == KIND_NOTE)
				result = NOTES_IN_CALENDARS;
		}
		if (!known && result == NOTES_NOWHERE)
			result = NOTES_UNKNOWN;
	}
	arena_free(&arena);
	return result;
}

/* Is that collection the user's at present? */
static bool
was_shown(struct account *a, struct span source, struct span remote)
{
	struct arena *arena = arena_new();
	struct err none = { 0 };
	struct coll *v;
	size_t n = 0, i;
	bool was = false;

	if (colls_list(a->gw->store, a->user, arena, &v, &n, &none))
		for (i = 0; i < n; i++)
			was = was || (v[i].attached &&
				      span_eq(v[i].source, source) &&
				      span_eq(v[i].remote, remote));
	arena_free(&arena);
	return was;
}

/* Decides on a mailbox; `box` is it as mails, NULL: it is not there. */
static bool
is_wanted(struct account *a, const struct user_conf *conf, size_t i,
	  struct source *s, const struct folder *notes,
	  const struct folder *box, bool *wanted, struct err *e)
{
	enum notes_elsewhere other;
	enum notes_use use;
	bool was;

	*wanted = (int)i == notes_folder_source(conf);
	if (*wanted && box != NULL && box->type != FOLDER_USER_MAIL) {
		*wanted = false;
		return err_set(e, ERR_INVALID, SCOPE_COLLECTION,
			       "the mailbox has another use");
	}
	if (!*wanted || is_named(&conf->sources[i]))
		return true;
	other = notes_folder_elsewhere(a, conf);
	if (other == NOTES_IN_CALENDARS) {
		*wanted = false;
		return true;
	}
	was = was_shown(a, span_of(conf->sources[i].name), notes->remote);
	*wanted = was || other == NOTES_NOWHERE;
	if (!*wanted || box == NULL)
		return true;
	if (!source_notes_use(s, box->remote, &use, e))
		return false;
	*wanted = use == NOTES_EMPTY || use == NOTES_ALL ||
		  (was && use == NOTES_SOME);
	return true;
}

/* What leaves on purpose is no sudden loss. */
static bool
expect_loss(struct account *a, struct span source, struct err *e)
{
	struct arena *arena = arena_new();
	struct coll *v;
	size_t n = 0, i;
	bool ok = colls_list(a->gw->store, a->user, arena, &v, &n, e);

	for (i = 0; ok && i < n; i++)
		if (v[i].attached && v[i].kind == KIND_NOTE &&
		    span_eq(v[i].source, source))
			sudden_loss_expected(a, v[i].id);
	arena_free(&arena);
	return ok;
}

static void
drop(struct folder *v, size_t *n, enum item_kind kind, struct span remote)
{
	size_t i, kept = 0;

	for (i = 0; i < *n; i++)
		if (v[i].kind != kind ||
		    (remote.p != NULL && !span_eq(v[i].remote, remote)))
			v[kept++] = v[i];
	*n = kept;
}

/* The mailbox is no folder of mails any more; what lies below it hangs at
 * the top. */
static void
take_over(struct folder *v, size_t *n, struct span box)
{
	size_t i;

	drop(v, n, KIND_EMAIL, box);
	for (i = 0; i < *n; i++)
		if (span_eq(v[i].parent, box))
			v[i].parent = SPAN_NONE;
}

static const struct folder *
find(const struct folder *v, size_t n, enum item_kind kind, struct span remote)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (v[i].kind == kind &&
		    (remote.p == NULL || span_eq(v[i].remote, remote)))
			return &v[i];
	return NULL;
}

bool
notes_folder_choose(struct account *a, const struct user_conf *conf, size_t i,
		    struct source *s, struct folder *v, size_t *n,
		    struct err *e)
{
	struct span source = span_of(conf->sources[i].name), box;
	const struct folder *notes = find(v, *n, KIND_NOTE, SPAN_NONE);
	struct err mine = { 0 };
	bool wanted = false;

	if (conf->sources[i].kind == SOURCE_DAV) {
		if (!any_named(conf))
			return true;
	} else if (notes != NULL) {
		box = remote_mailbox(notes->remote);
		if (!is_wanted(a, conf, i, s, notes,
			       find(v, *n, KIND_EMAIL, box), &wanted, &mine)) {
			if (mine.scope == SCOPE_ACCOUNT)
				return err_set(e, mine.code, mine.scope, "%s",
					       mine.text);
			log_line(LOG_WARN, "notes", "source=" SPAN_FMT
				 " error=%s text=\"%s\"", SPAN_ARG(source),
				 err_name(mine.code), mine.text);
			wanted = false;
		}
		if (wanted) {
			take_over(v, n, box);
			return true;
		}
	}
	drop(v, n, KIND_NOTE, SPAN_NONE);
	return expect_loss(a, source, e);
}
