/* easbridge.conf(5) from the tables of settings. */
#include "gateway/config/config_private.h"

/* groff takes a dot or apostrophe at the start of a line, and backslashes,
 * for its own. */
static void
put_groff(struct buf *out, const char *text)
{
	bool start = true;

	for (; *text != '\0'; text++) {
		if (start && (*text == '.' || *text == '\''))
			buf_str(out, "\\&");
		if (*text == '\\')
			buf_str(out, "\\e");
		else if (*text == '-')
			buf_str(out, "\\-");
		else
			buf_byte(out, *text);
		start = *text == '\n';
	}
	buf_byte(out, '\n');
}

static void
put_setting(struct buf *out, const struct setting *row)
{
	buf_str(out, ".TP\n.B ");
	put_groff(out, row->name);
	put_groff(out, row->help);
	if (row->def != NULL)
		buf_str(out, "Default: ");
	else
		buf_str(out, "Example: ");
	put_groff(out, row->def != NULL ? row->def : row->example);
}

static void
put_section(struct buf *out, const struct section *s)
{
	const struct setting *row;

	if (s->rows[0].name == NULL && s->help == NULL)
		return;
	if (s->name[0] != '\0')
		buf_printf(out, ".SS [%s]\n",
			   s->example != NULL ? s->example : s->name);
	if (s->help != NULL)
		put_groff(out, s->help);
	for (row = s->rows; row->name != NULL; row++)
		put_setting(out, row);
}

void
config_manual(struct buf *out)
{
	const struct section *s;

	buf_str(out, ".SH MAIN FILE\n");
	for (s = main_sections; s->rows != NULL; s++)
		put_section(out, s);
	buf_str(out, ".SH USER FILES\n");
	for (s = user_sections; s->rows != NULL; s++)
		put_section(out, s);
}
