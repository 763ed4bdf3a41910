/* For people: every mistake in words, and the reference of all settings. */
#include "gateway/config/config_private.h"


static void
say_plain(void *ctx, const char *file, unsigned line, const char *text)
{
	struct buf *out = ctx;

	if (line > 0)
		buf_printf(out, "%s:%u: %s\n", file, line, text);
	else
		buf_printf(out, "%s: %s\n", file, text);
}

unsigned
config_check(const char *file, struct buf *out)
{
	struct config_report rep = { .say = say_plain, .ctx = out };
	struct config *c = config_load(file, &rep);

	if (c != NULL && rep.errors == 0)
		buf_printf(out, "%s: good, %zu user file%s%s\n", file,
			   config_users(c), config_users(c) == 1 ? "" : "s",
			   c->template ? " and a template" : "");
	else
		buf_printf(out, "%u mistake%s%s\n", rep.errors,
			   rep.errors == 1 ? "" : "s",
			   c != NULL ? "; all other users would be served"
				     : "; easbridge would not start");
	config_put(&c);
	return rep.errors;
}

static void
wrap(struct buf *out, const char *text)
{
	struct span rest = span_of(text), word;
	size_t col = 0;

	while (rest.n > 0) {
		word = span_take_until(&rest, ' ');
		if (col > 0 && col + 1 + word.n > 70) {
			buf_byte(out, '\n');
			col = 0;
		}
		buf_str(out, col == 0 ? "# " : " ");
		buf_span(out, word);
		col += word.n + 1;
	}
	buf_byte(out, '\n');
}

static void
help_section(struct buf *out, const struct section *s)
{
	const struct setting *row;

	if (s->rows[0].name == NULL && s->help == NULL)
		return;
	if (s->example != NULL)
		buf_printf(out, "#[%s]\n", s->example);
	else if (s->name[0] != '\0')
		buf_printf(out, "[%s]\n", s->name);
	if (s->help != NULL)
		wrap(out, s->help);
	buf_byte(out, '\n');
	for (row = s->rows; row->name != NULL; row++) {
		wrap(out, row->help);
		if (row->def != NULL && s->example == NULL)
			buf_printf(out, "%s = %s\n\n", row->name, row->def);
		else
			buf_printf(out, "#%s = %s\n\n", row->name,
				   row->def != NULL ? row->def
						    : row->example);
	}
}

void
config_help(struct buf *out)
{
	const struct section *s;

	buf_str(out, "# ---- main file: easbridge.conf ----\n\n");
	for (s = main_sections; s->rows != NULL; s++)
		help_section(out, s);
	buf_str(out, "# ---- user file: users.d/NAME.conf ----\n\n");
	for (s = user_sections; s->rows != NULL; s++)
		help_section(out, s);
}
