/* easbridge duplicates: a report, a plan, and its carrying out. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/codec.h"
#include "gateway/cli/cli_ask.h"
#include "gateway/cli/cli_config.h"

#define CHUNK 20 /* entries in one question */

/* ---- the report --------------------------------------------------------------------*/

static const char *
because(const json_t *o)
{
	const json_t *why = json_object_get(o, "because");
	static char text[700];
	const char *same = cli_text(why, "same");

	if (strcmp(same, "content") == 0)
		return "they say the same";
	snprintf(text, sizeof(text), "the same %s: %s", same,
		 cli_text(why, "value"));
	return text;
}

static void
print_groups(const json_t *groups, const char *which, const char *title)
{
	const json_t *g, *c;
	bool any = false;
	size_t i, k;

	json_array_foreach(groups, i, g) {
		if (strcmp(cli_text(g, "books"), which) != 0)
			continue;
		if (!any)
			printf("%s\n", title);
		any = true;
		printf("  %s\n", because(g));
		json_array_foreach(json_object_get(g, "cards"), k, c)
			printf("    %-30s  %s (%s)  %s\n",
			       cli_text(c, "name"), cli_text(c, "book"),
			       cli_text(c, "source"), cli_text(c, "remote"));
	}
}

static void
print_events(const json_t *list)
{
	const json_t *run, *ev;
	size_t i, k;

	if (json_array_size(list) > 0)
		puts("Events that are there twice (reported only):");
	json_array_foreach(list, i, run) {
		printf("  %s\n", strcmp(cli_text(run, "same"), "uid") == 0
					 ? "the same UID"
					 : "the same content");
		json_array_foreach(json_object_get(run, "events"), k, ev)
			printf("    %-40s  %s (%s)\n", cli_text(ev, "name"),
			       cli_text(ev, "book"), cli_text(ev, "source"));
	}
}

/* A book that could not be read may hide duplicates. */
static int
print_trouble(const json_t *o)
{
	const json_t *b;
	int rc = CLI_OK;
	size_t i;

	json_array_foreach(json_object_get(o, "books"), i, b)
		if (cli_text(b, "trouble")[0] != '\0')
			rc = cli_fail(CLI_FAILED, "%s (%s) could not be read: "
				      "%s", cli_text(b, "name"),
				      cli_text(b, "source"),
				      cli_text(b, "trouble"));
	return rc;
}

static void
print_report(const json_t *o)
{
	const json_t *groups = json_object_get(o, "groups");

	printf("%lld cards in %zu books, %zu people in them more than once\n",
	       (long long)cli_number(o, "cards"),
	       json_array_size(json_object_get(o, "books")),
	       json_array_size(groups));
	print_groups(groups, "one", "In one book:");
	print_groups(groups, "several", "In several books:");
	print_events(json_object_get(o, "events"));
}

/* ---- the plan ----------------------------------------------------------------------*/

static void
print_values(const json_t *list, const char *before)
{
	const json_t *v;
	size_t i;

	json_array_foreach(list, i, v)
		printf("    %s %s: %s (of card %lld)\n", before,
		       cli_text(v, "what"), cli_text(v, "value"),
		       (long long)cli_number(v, "from"));
}

static void
print_plan(const json_t *plan)
{
	const json_t *entry, *card;
	size_t i, k;

	json_array_foreach(plan, i, entry) {
		printf("%zu. %s\n", i + 1, because(entry));
		json_array_foreach(json_object_get(entry, "cards"), k, card)
			printf("    %s %zu. %s, in %s (%s)\n",
			       k == 0 ? "stays:  " : "deleted:", k + 1,
			       cli_text(card, "name"), cli_text(card, "book"),
			       cli_text(card, "source"));
		print_values(json_object_get(entry, "takes"), "takes");
		print_values(json_object_get(entry, "left"),
			     "only in the backup:");
	}
}

/* Never over another file. */
static bool
write_plan(const char *path, json_t *plan)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	char *text = json_dumps(plan, JSON_INDENT(1));
	FILE *f = fd >= 0 ? fdopen(fd, "w") : NULL;
	bool ok = f != NULL && text != NULL && fputs(text, f) >= 0 &&
		  fputc('\n', f) >= 0;

	if (f != NULL && fclose(f) != 0)
		ok = false;
	free(text);
	return ok;
}

/* Names plan and backup. */
static const char *
new_name(struct arena *a)
{
	uint8_t salt[3];
	struct tm tm;
	time_t now = time(NULL);
	char stamp[32];

	gmtime_r(&now, &tm);
	strftime(stamp, sizeof(stamp), "%Y%m%d-%H%M%S", &tm);
	random_bytes(salt, sizeof(salt));
	return arena_printf(a, "duplicates-%s-" SPAN_FMT, stamp,
			    SPAN_ARG(hex_encode(a, span_from(salt,
							     sizeof(salt)))));
}

static int apply(const struct cli *c, const json_t *plan);

static int
make_plan(const struct cli *c, json_t *o)
{
	struct arena *a = arena_new();
	const char *name = new_name(a);
	const char *path = c->plan ? c->plan : arena_printf(a, "%s.json", name);
	json_t *plan = json_pack("{ss ss ss sO}", "user",
				 cli_text(o, "user"), "asked", c->argv[0],
				 "backup", name, "plan",
				 json_object_get(o, "plan"));
	int rc = CLI_OK;

	if (json_array_size(json_object_get(o, "plan")) == 0) {
		puts("nothing to merge");
	} else if (!write_plan(path, plan)) {
		rc = cli_fail(CLI_FAILED, "%s: %s", path, strerror(errno));
	} else {
		print_plan(json_object_get(o, "plan"));
		if (c->yes)
			rc = apply(c, plan);
		else
			printf("\nNothing was changed. Read %s, then:\n"
			       "  easbridge duplicates %s --apply %s\n", path,
			       c->argv[0], path);
	}
	json_decref(plan);
	arena_free(&a);
	return rc;
}

/* ---- carrying it out ----------------------------------------------------------------*/

static bool
is_meant(const json_t *entry)
{
	return strcmp(cli_text(entry, "do"), "merge") == 0;
}

/* All of them, before the first change. */
static int
back_up(const struct cli *c, const json_t *plan)
{
	const json_t *entries = json_object_get(plan, "plan"), *entry;
	json_t *chunk = json_array(), *o;
	json_int_t cards = 0;
	char file[4200] = "";
	int rc = CLI_OK;
	size_t i, n = json_array_size(entries);

	json_array_foreach(entries, i, entry) {
		if (is_meant(entry))
			json_array_append(chunk, (json_t *)(uintptr_t)entry);
		if (json_array_size(chunk) < CHUNK && i + 1 < n)
			continue;
		if (json_array_size(chunk) == 0)
			break;
		o = cli_ask(c, json_pack("{ss ss ss sO}", "do",
					 "duplicates-backup", "user",
					 c->argv[0], "name",
					 cli_text(plan, "backup"), "groups",
					 chunk), &rc);
		if (o == NULL)
			break;
		cards += cli_number(o, "cards");
		snprintf(file, sizeof(file), "%s", cli_text(o, "file"));
		json_decref(o);
		json_array_clear(chunk);
	}
	json_decref(chunk);
	if (rc == CLI_OK && file[0] != '\0')
		printf("%lld cards saved in %s\n", (long long)cards, file);
	return rc;
}

/* True if it is done, now or before. */
static bool
merge_one(const struct cli *c, const json_t *plan, const json_t *entry,
	  size_t number, int *rc)
{
	json_t *o = cli_ask(c, json_pack("{ss ss ss sO}", "do",
					 "duplicates-merge", "user",
					 c->argv[0], "name",
					 cli_text(plan, "backup"), "group",
					 entry), rc);
	bool ok;

	if (o == NULL)
		return false;
	printf("%zu. %s: %s\n", number,
	       cli_text(json_array_get(json_object_get(entry, "cards"), 0),
			"name"), cli_text(o, "text"));
	ok = strcmp(cli_text(o, "outcome"), "done") == 0 ||
	     strcmp(cli_text(o, "outcome"), "before") == 0;
	json_decref(o);
	return ok;
}

static int
apply(const struct cli *c, const json_t *plan)
{
	const json_t *entry;
	size_t i, not_done = 0;
	int rc = back_up(c, plan), one;

	if (rc != CLI_OK)
		return rc;
	json_array_foreach(json_object_get(plan, "plan"), i, entry) {
		one = CLI_OK;
		if (is_meant(entry) &&
		    !merge_one(c, plan, entry, i + 1, &one))
			not_done++;
		if (one == CLI_NOT_RUNNING)
			return one;
	}
	if (not_done > 0)
		return cli_fail(CLI_FAILED, "%zu not carried out: see above",
				not_done);
	return CLI_OK;
}

static int
apply_file(const struct cli *c)
{
	json_error_t je;
	json_t *plan = json_load_file(c->apply, 0, &je);
	int rc;

	if (plan == NULL)
		return cli_fail(CLI_USAGE, "%s:%d: %s", c->apply, je.line,
				je.text);
	if (!json_is_array(json_object_get(plan, "plan")) ||
	    cli_text(plan, "backup")[0] == '\0')
		rc = cli_fail(CLI_USAGE, "%s is no plan of \"easbridge "
			      "duplicates --merge\"", c->apply);
	else if (strcmp(cli_text(plan, "user"), c->argv[0]) != 0 &&
		 strcmp(cli_text(plan, "asked"), c->argv[0]) != 0)
		rc = cli_fail(CLI_USAGE, "%s is a plan for %s", c->apply,
			      cli_text(plan, "user"));
	else
		rc = apply(c, plan);
	json_decref(plan);
	return rc;
}

int
cli_duplicates(const struct cli *c)
{
	int rc = CLI_OK, trouble;
	json_t *o;

	if (c->apply != NULL)
		return apply_file(c);
	o = cli_ask(c, json_pack("{ss ss sb sb}", "do", "duplicates", "user",
				 c->argv[0], "plan", c->merge ? 1 : 0,
				 "across", c->across ? 1 : 0), &rc);
	if (o == NULL)
		return rc;
	trouble = print_trouble(o);
	if (c->json)
		cli_print_json(o);
	else if (!c->merge)
		print_report(o);
	if (c->merge)
		rc = make_plan(c, o);
	json_decref(o);
	return rc != CLI_OK ? rc : trouble;
}
