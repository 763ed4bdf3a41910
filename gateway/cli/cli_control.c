/* Commands that ask the running easbridge. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "gateway/cli/cli_ask.h"
#include "gateway/cli/cli_config.h"

/* ---- status, users ---------------------------------------------------------*/

static void
print_status(const json_t *o)
{
	struct arena *a = arena_new();
	const json_t *v;
	size_t i;

	printf("easbridge %s, process %lld, since %s\n"
	       "configuration  %s\nstate          %s\n"
	       "user files     %lld%s\n"
	       "phones waiting %lld\nrequests open  %lld\n"
	       "jobs queued    %lld\n"
	       "phones held    %lld%s\n",
	       cli_text(o, "version"), cli_number(o, "pid"),
	       cli_time(a, cli_number(o, "started")), cli_text(o, "config"),
	       cli_text(o, "state"), cli_number(o, "users"),
	       cli_number(o, "mistakes") > 0
		       ? " (with mistakes: easbridge check-config)" : "",
	       cli_number(o, "waiting"), cli_number(o, "open"),
	       cli_number(o, "queued"), cli_number(o, "held"),
	       cli_number(o, "held") > 0
		       ? " (they ran away: easbridge devices)" : "");
	json_array_foreach(json_object_get(o, "sign-ins"), i, v)
		printf("\n%s of %s: %s\n%s%s%s", cli_text(v, "source"),
		       cli_text(v, "user"), cli_text(v, "text"),
		       cli_text(v, "remedy")[0] ? "    " : "",
		       cli_text(v, "remedy"),
		       cli_text(v, "remedy")[0] ? "\n" : "");
	arena_free(&a);
}

int
cli_status(const struct cli *c)
{
	int rc = CLI_OK;
	json_t *o = cli_ask(c, json_pack("{ss}", "do", "status"), &rc);

	if (o == NULL)
		return rc;
	if (c->json)
		cli_print_json(o);
	else
		print_status(o);
	json_decref(o);
	return CLI_OK;
}

static void
print_users(json_t *list)
{
	struct cli_table t = { .a = arena_new(), .columns = 6 };
	json_t *u;
	size_t i;

	cli_cell(&t, "USER");
	cli_cell(&t, "ADDRESS");
	cli_cell(&t, "PHONES");
	cli_cell(&t, "PUSH");
	cli_cell(&t, "SOURCES");
	cli_cell(&t, "FILE");
	json_array_foreach(list, i, u) {
		cli_cell(&t, cli_text(u, "login"));
		cli_cell(&t, cli_text(u, "email"));
		cli_cell(&t, arena_printf(t.a, "%lld", cli_number(u, "phones")));
		cli_cell(&t, cli_flag(u, "waiting") ? "waits" : "-");
		cli_cell(&t, arena_printf(t.a, "%lld mail, %lld dav",
					  cli_number(u, "mailboxes"),
					  cli_number(u, "dav")));
		cli_cell(&t, cli_text(u, "file"));
	}
	cli_print(&t);
	arena_free(&t.a);
}

int
cli_users(const struct cli *c)
{
	int rc = CLI_OK;
	json_t *o = cli_ask(c, json_pack("{ss}", "do", "users"), &rc);

	if (o == NULL)
		return rc;
	if (c->json)
		cli_print_json(json_object_get(o, "users"));
	else
		print_users(json_object_get(o, "users"));
	json_decref(o);
	return CLI_OK;
}

/* ---- devices ---------------------------------------------------------------*/

static const char *
push_of(const json_t *d)
{
	return cli_flag(d, "waiting") ? "waits" : "-";
}

static void
print_devices(json_t *list)
{
	struct cli_table t = { .a = arena_new(), .columns = 7 };
	json_t *d;
	size_t i;

	cli_cell(&t, "USER");
	cli_cell(&t, "DEVICE");
	cli_cell(&t, "TYPE");
	cli_cell(&t, "NAME");
	cli_cell(&t, "STANDING");
	cli_cell(&t, "PUSH");
	cli_cell(&t, "LAST SEEN");
	json_array_foreach(list, i, d) {
		cli_cell(&t, cli_text(d, "user"));
		cli_cell(&t, cli_text(d, "device"));
		cli_cell(&t, cli_text(d, "type"));
		cli_cell(&t, cli_text(d, "name")[0] ? cli_text(d, "name")
						: cli_text(d, "model"));
		cli_cell(&t, cli_text(d, "standing"));
		cli_cell(&t, push_of(d));
		cli_cell(&t, cli_time(t.a, cli_number(d, "last_seen")));
	}
	cli_print(&t);
	arena_free(&t.a);
}

int
cli_devices(const struct cli *c)
{
	json_t *q = json_pack("{ss}", "do", "devices"), *o;
	int rc = CLI_OK;

	if (c->argc > 0)
		json_object_set_new(q, "user", json_string(c->argv[0]));
	o = cli_ask(c, q, &rc);
	if (o == NULL)
		return rc;
	if (c->json)
		cli_print_json(json_object_get(o, "devices"));
	else
		print_devices(json_object_get(o, "devices"));
	json_decref(o);
	return CLI_OK;
}

static void
row(struct cli_table *t, const char *name, const char *value)
{
	if (value[0] == '\0')
		return;
	cli_cell(t, name);
	cli_cell(t, value);
}

static const char *
hold_text(struct cli_table *t, const json_t *h)
{
	const char *until =
		cli_number(h, "until") == 0
			? "until \"easbridge device release\""
			: arena_printf(t->a, "until %s",
				       cli_time(t->a, cli_number(h, "until")));

	return arena_printf(t->a, "edits in %s: it %s; %s",
			    cli_text(h, "folder"), cli_text(h, "why"), until);
}

static void
print_device(const json_t *o)
{
	struct cli_table t = { .a = arena_new(), .columns = 2 };
	const json_t *d = json_object_get(o, "device"), *hold;
	size_t i;

	row(&t, "user", cli_text(d, "user"));
	row(&t, "device", cli_text(d, "device"));
	row(&t, "standing", cli_text(d, "standing"));
	json_array_foreach(json_object_get(d, "held"), i, hold)
		row(&t, cli_flag(hold, "holds") ? "held" : "was held",
		    hold_text(&t, hold));
	row(&t, "type", cli_text(d, "type"));
	row(&t, "model", cli_text(d, "model"));
	row(&t, "name", cli_text(d, "name"));
	row(&t, "system", cli_text(d, "os"));
	row(&t, "language", cli_text(d, "language"));
	row(&t, "program", cli_text(d, "agent"));
	row(&t, "protocol", cli_text(d, "protocol"));
	row(&t, "policy", cli_number(d, "policy") ? "acknowledged" : "none");
	row(&t, "classes", cli_text(d, "classes"));
	row(&t, "push", cli_flag(d, "waiting") ? "waits for news" : "does not wait");
	row(&t, "first seen", cli_time(t.a, cli_number(d, "first_seen")));
	row(&t, "last seen", cli_time(t.a, cli_number(d, "last_seen")));
	row(&t, "view", cli_text(d, "view"));
	row(&t, "trace", cli_flag(d, "trace") ? cli_text(o, "trace") : "off");
	cli_print(&t);
	arena_free(&t.a);
}

/* Erasing a phone by a slip of the hand cannot be undone. */
static bool
is_meant(const struct cli *c)
{
	char line[16] = "";

	if (c->yes)
		return true;
	if (!isatty(STDIN_FILENO)) {
		cli_fail(CLI_USAGE, "wiping erases the phone: say --yes if "
			 "that is meant");
		return false;
	}
	printf("Erase phone %s of %s? Most phones erase everything on them. "
	       "Type \"wipe\": ", c->argv[1], c->argv[0]);
	fflush(stdout);
	if (fgets(line, sizeof(line), stdin) != NULL &&
	    strcmp(line, "wipe\n") == 0)
		return true;
	puts("nothing was done");
	return false;
}

static const char *
done_text(const char *what)
{
	static const char *const words[][2] = {
		{ "allow", "is let in again" },
		{ "release", "may write again" },
		{ "block", "is shut out" },
		{ "wipe", "will be told to erase itself when it asks next" },
		{ "wipe-account", "will be told to drop this account when it "
				  "asks next" },
		{ "forget", "is forgotten" },
		{ "trace on", "is written down" },
		{ "trace off", "is written down no longer" },
		{ "view auto", "is shown what its type can show" },
		{ "view merged", "is shown one calendar, address book, task "
				 "list and set of notes" },
		{ "view separate", "is shown every calendar, address book "
				   "and list" },
	};
	size_t i;

	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcmp(words[i][0], what) == 0)
			return words[i][1];
	return "";
}

static bool
is_one_of(const char *word, const char *const *words)
{
	while (*words != NULL && strcmp(word, *words) != 0)
		words++;
	return *words != NULL;
}

/* The third word of "device trace" and "device view". */
static bool
is_known(const char *verb, const char *word)
{
	static const char *const trace[] = { "on", "off", NULL };
	static const char *const view[] = { "auto", "merged", "separate",
					    NULL };

	if (is_one_of(word, strcmp(verb, "view") == 0 ? view : trace))
		return true;
	cli_fail(CLI_USAGE, strcmp(verb, "view") == 0
				    ? "\"device view\" is auto, merged or "
				      "separate, not \"%s\""
				    : "\"device trace\" is switched on or "
				      "off, not \"%s\"", word);
	return false;
}

int
cli_device(const struct cli *c)
{
	const char *verb = strchr(c->cmd->words, ' ') + 1;
	char what[32];
	int rc = CLI_OK;
	json_t *o;

	snprintf(what, sizeof(what), "%s%s%s", verb, c->argc > 2 ? " " : "",
		 c->argc > 2 ? c->argv[2] : "");
	if (c->argc > 2 && !is_known(verb, c->argv[2]))
		return CLI_USAGE;
	if (strcmp(verb, "wipe") == 0 && !is_meant(c))
		return CLI_USAGE;
	o = cli_ask(c, json_pack("{ssssssss}", "do", "device", "what", what,
			     "user", c->argv[0], "device", c->argv[1]), &rc);
	if (o == NULL)
		return rc;
	if (c->json)
		cli_print_json(json_object_get(o, "device"));
	else if (strcmp(verb, "show") == 0)
		print_device(o);
	else
		printf("%s of %s %s\n",
		       cli_text(json_object_get(o, "device"), "device"),
		       cli_text(json_object_get(o, "device"), "user"),
		       done_text(what));
	if (strcmp(what, "trace on") == 0 && !c->json)
		printf("look at it: easbridge trace %s\n", cli_text(o, "trace"));
	json_decref(o);
	return CLI_OK;
}

int
cli_reload(const struct cli *c)
{
	int rc = CLI_OK;
	json_t *o = cli_ask(c, json_pack("{ss}", "do", "reload"), &rc);

	if (o == NULL)
		return rc;
	rc = cli_number(o, "mistakes") > 0 ? CLI_FAILED : CLI_OK;
	if (c->json)
		cli_print_json(o);
	else if (rc == CLI_OK)
		printf("%sread again, no mistakes\n", cli_text(o, "text"));
	else
		printf("%s%lld mistake%s: what was there before them stays "
		       "in effect\n", cli_text(o, "text"), cli_number(o, "mistakes"),
		       cli_number(o, "mistakes") == 1 ? "" : "s");
	json_decref(o);
	return rc;
}
