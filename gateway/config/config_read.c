/* The engine: inih finds keys and values, the tables say what they are.
 * inih 55 goes on after mistakes, cuts lines at 200 bytes, folds indented
 * lines and drops what follows " ;": each line passes a check of ours before
 * it gets to see it, so that nothing is misread in silence. */
#include "gateway/config/config_private.h"

#include <errno.h>
#include <ini.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"

#define FILE_MAX (1024 * 1024)

void
reader_say(struct reader *rd, const char *fmt, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	rd->errors++;
	rd->rep->errors++;
	if (rd->user_file)
		rd->rep->user_errors++;
	rd->rep->say(rd->rep->ctx, rd->file, rd->line, text);
}

char *
reader_load(struct reader *rd, size_t *n_out)
{
	FILE *f = fopen(rd->file, "re");
	char *p, *out;
	size_t n;

	if (f == NULL) {
		reader_say(rd, "cannot be opened: %s", strerror(errno));
		return NULL;
	}
	p = xmalloc(FILE_MAX + 1);
	n = fread(p, 1, FILE_MAX + 1, f);
	if (ferror(f) || n > FILE_MAX)
		reader_say(rd, "cannot be read, or is over 1 MB");
	fclose(f);
	out = rd->errors > 0 ? NULL : arena_str(rd->arena, span_from(p, n));
	explicit_bzero(p, n);
	free(p);
	*n_out = n;
	return out;
}

const char *
dir_of(struct arena *a, const char *file)
{
	const char *slash = strrchr(file, '/');

	if (slash == NULL)
		return ".";
	if (slash == file)
		return "/";
	return arena_str(a, span_from(file, (size_t)(slash - file)));
}

const char *
path_in(struct arena *a, const char *dir, const char *path)
{
	if (path[0] == '/')
		return arena_str(a, span_of(path));
	return arena_printf(a, "%s/%s", dir, path);
}

/* ---- suggestions ---------------------------------------------------------*/

/* Edit distance of two short words; more than 40 letters count as far. */
static unsigned
distance(const char *a, const char *b)
{
	size_t la = strlen(a), lb = strlen(b), i, j;
	unsigned row[41];

	if (la > 40 || lb > 40)
		return 99;
	for (j = 0; j <= lb; j++)
		row[j] = (unsigned)j;
	for (i = 1; i <= la; i++) {
		unsigned diag = row[0];

		row[0] = (unsigned)i;
		for (j = 1; j <= lb; j++) {
			unsigned best = diag + (a[i - 1] != b[j - 1]);

			diag = row[j];
			if (row[j] + 1 < best)
				best = row[j] + 1;
			if (row[j - 1] + 1 < best)
				best = row[j - 1] + 1;
			row[j] = best;
		}
	}
	return row[lb];
}

static void
unknown_key(struct reader *rd, const char *key)
{
	const struct setting *s;
	const char *near = NULL;
	unsigned best = 4, d;

	for (s = rd->section->rows; s->name != NULL; s++) {
		d = distance(key, s->name);
		if (d < best) {
			best = d;
			near = s->name;
		}
	}
	if (near != NULL)
		reader_say(rd, "unknown setting \"%s\": did you mean \"%s\"?",
			   key, near);
	else
		reader_say(rd, "unknown setting \"%s\" %s: \"easbridge "
			   "help-config\" lists all", key,
			   rd->section->name[0] ? rd->title : "here");
}

/* ---- sections and keys ---------------------------------------------------*/

static void
set_defaults(struct reader *rd)
{
	const struct setting *s;

	for (s = rd->section->rows; s->name != NULL; s++)
		if (s->def != NULL)
			s->set(rd, s, rd->target, s->def);
}

static void
begin_section(struct reader *rd, const char *title)
{
	struct span rest = span_of(title), name;
	const struct section *s;

	snprintf(rd->title, sizeof(rd->title), "in [%s]", title);
	name = span_take_until(&rest, ' ');
	rest = span_trim(rest);
	rd->section = NULL;
	rd->seen = 0;
	rd->seen_out = NULL;
	for (s = rd->sections; s->rows != NULL; s++)
		if (span_eq(name, span_of(s->name)) &&
		    (s->many || rest.n == 0))
			rd->section = s;
	if (rd->section == NULL) {
		reader_say(rd, "unknown section [%s]; known are:%s", title,
			   rd->user_file ? " [mail], [dav], [quiet], [oauth]"
					 : " [server], [policy], [oauth]");
		return;
	}
	rd->target = rd->section->begin(rd, arena_str(rd->arena, rest));
	if (rd->target == NULL)
		rd->section = NULL;
	else
		set_defaults(rd);
}

void *
reader_section(struct reader *rd, const char *name)
{
	begin_section(rd, name);
	return rd->section != NULL ? rd->target : NULL;
}

void
reader_default(struct reader *rd, const char *section, void *target,
	       uint64_t seen, const char *key, const char *value)
{
	const struct section *s = rd->sections;
	const struct setting *row;
	uint64_t bit = 1;

	while (strcmp(s->name, section) != 0)
		s++;
	for (row = s->rows; strcmp(row->name, key) != 0; row++)
		bit <<= 1;
	if ((seen & bit) == 0)
		row->set(rd, row, target, value);
}

/* %u login, %n what stands before the @, %d what stands behind it. */
static const char *
expand(struct reader *rd, const char *value)
{
	struct span login = span_of(rd->login), local, domain = login;
	struct buf b = BUF_INIT(4096);
	const char *p;
	char *out;

	local = span_take_until(&domain, '@');
	for (p = value; *p != '\0'; p++) {
		if (p[0] != '%' || strchr("und%", p[1]) == NULL ||
		    p[1] == '\0') {
			buf_byte(&b, *p);
			continue;
		}
		p++;
		buf_span(&b, *p == 'u' ? login : *p == 'n' ? local :
			     *p == 'd' ? domain : SPAN("%"));
	}
	out = arena_str(rd->arena, buf_view(&b));
	buf_free(&b);
	return out;
}

static void
take_key(struct reader *rd, const char *key, const char *value)
{
	const struct setting *s;
	uint64_t bit = 1;

	for (s = rd->section->rows; s->name != NULL; s++, bit <<= 1) {
		if (strcmp(s->name, key) != 0)
			continue;
		if (rd->seen & bit)
			reader_say(rd, "\"%s\" stands here twice: remove one",
				   key);
		rd->seen |= bit;
		if (rd->seen_out != NULL)
			*rd->seen_out = rd->seen;
		if (rd->login != NULL)
			value = expand(rd, value);
		s->set(rd, s, rd->target, value);
		return;
	}
	unknown_key(rd, key);
}

static int
on_key(void *ctx, const char *section, const char *key, const char *value)
{
	struct reader *rd = ctx;

	(void)section;
	if (rd->section != NULL)
		take_key(rd, key, value);
	return 1;
}

/* ---- lines ---------------------------------------------------------------*/

struct lines {
	struct reader *rd;
	struct span rest;
};

static void
section_line(struct reader *rd, struct span line)
{
	ptrdiff_t end = span_find_byte(line, ']');

	if (end < 0) {
		reader_say(rd, "the section name has no closing ]");
		rd->section = NULL;
		return;
	}
	line = span_trim(span_first(span_from_at(line, 1), (size_t)end - 1));
	begin_section(rd, arena_str(rd->arena, line));
}

/* May inih see this line? Sections are taken here already, because inih
 * would not tell about one without keys. */
static bool
line_is_key(struct reader *rd, struct span line, int room)
{
	if (line.n == 0 || line.p[0] == '#' || line.p[0] == ';')
		return false;
	if (line.p[0] == '[') {
		section_line(rd, line);
		return false;
	}
	if (span_find_byte(line, '=') <= 0) {
		reader_say(rd, "not \"setting = value\"");
		return false;
	}
	if (line.n > (size_t)room - 2) {
		reader_say(rd, "the line is longer than %d characters: put "
			   "long commands into a script", room - 2);
		return false;
	}
	if (span_find(line, SPAN(" ;")) >= 0 ||
	    span_find(line, SPAN("\t;")) >= 0) {
		reader_say(rd, "\" ;\" begins a comment, which cuts the "
			   "value: put comments on lines of their own, and "
			   "a password with \" ;\" into a file "
			   "(password-file)");
		return false;
	}
	return true;
}

static char *
next_line(char *str, int num, void *stream)
{
	struct lines *l = stream;
	struct span line;

	if (l->rest.n == 0)
		return NULL;
	line = span_trim(span_take_until(&l->rest, '\n'));
	l->rd->line++;
	if (!line_is_key(l->rd, line, num))
		line = SPAN_NONE;
	snprintf(str, (size_t)num, SPAN_FMT "\n", SPAN_ARG(line));
	return str;
}

bool
reader_run(struct reader *rd, struct span text)
{
	struct lines l = { rd, text };
	unsigned before = rd->errors;

	if (span_starts(text, SPAN("\xef\xbb\xbf")))
		l.rest = span_from_at(text, 3);
	rd->line = 0;
	begin_section(rd, "");
	if (ini_parse_stream(next_line, &l, on_key, rd) != 0)
		reader_say(rd, "cannot be read");
	rd->line = 0;
	return rd->errors == before;
}
