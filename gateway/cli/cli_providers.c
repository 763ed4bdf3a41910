/* easbridge providers, help-providers. */
#include <jansson.h>
#include <stdio.h>

#include "gateway/cli/cli_config.h"
#include "gateway/config/preset.h"

static json_t *
values(const struct preset_value *v)
{
	json_t *o = json_object();

	for (; v->key != NULL; v++)
		json_object_set_new(o, v->key, json_string(v->value));
	return o;
}

static void
print_json(void)
{
	json_t *list = json_array();
	const struct preset *p;
	size_t i;

	for (i = 0; (p = preset_at(i)) != NULL; i++)
		json_array_append_new(list, json_pack(
			"{ss ss ss* ss* ss* ss* so so}", "name", p->name,
			"title", p->title, "domains", p->domains, "host",
			p->host, "password", p->password, "note", p->note,
			"mail", values(p->mail), "dav", values(p->dav)));
	json_dumpf(list, stdout, JSON_INDENT(1));
	putchar('\n');
	json_decref(list);
}

int
cli_providers(const struct cli *c)
{
	struct cli_table t = { .columns = 4 };
	const struct preset *p;
	size_t i;

	if (c->json) {
		print_json();
		return CLI_OK;
	}
	t.a = arena_new();
	cli_cell(&t, "NAME");
	cli_cell(&t, "PROVIDER");
	cli_cell(&t, "BRINGS");
	cli_cell(&t, "NEEDS");
	for (i = 0; (p = preset_at(i)) != NULL; i++) {
		bool mail = p->mail[0].key != NULL;
		bool dav = p->dav[0].key != NULL;

		cli_cell(&t, p->name);
		cli_cell(&t, p->title);
		cli_cell(&t, mail && dav ? "mail, dav" : mail ? "mail"
							      : "dav");
		cli_cell(&t, p->host ? "host" : "-");
	}
	cli_print(&t);
	arena_free(&t.a);
	return CLI_OK;
}

int
cli_help_providers(const struct cli *c)
{
	struct buf b = BUF_INIT(1024 * 1024);

	(void)c;
	preset_doc(&b);
	fwrite(b.p, 1, b.n, stdout);
	buf_free(&b);
	return CLI_OK;
}
