#include "gateway/cli/cli_config.h"

#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "gateway/http/auth.h"

static void
say(void *ctx, const char *file, unsigned line, const char *text)
{
	(void)ctx;
	if (line > 0)
		fprintf(stderr, "%s:%u: %s\n", file, line, text);
	else
		fprintf(stderr, "%s: %s\n", file, text);
}

struct config *
cli_config(const struct cli *c)
{
	struct config_report rep = { .say = say };

	return config_load(c->file, &rep);
}

static void
say_nothing(void *ctx, const char *file, unsigned line, const char *text)
{
	(void)ctx;
	(void)file;
	(void)line;
	(void)text;
}

struct config *
cli_config_quiet(const struct cli *c)
{
	struct config_report rep = { .say = say_nothing };
	struct config *conf = config_load(c->file, &rep);

	return conf != NULL ? conf : cli_config(c);
}

struct user_conf *
cli_user(struct config *conf, const char *login)
{
	struct arena *a = arena_new();
	struct user_conf *u = config_user(conf, auth_normalise(a, login));

	if (u == NULL && conf->users != NULL)
		cli_fail(CLI_FAILED, "nobody has the login \"%s\": add a file "
			 "for them to %s", login, conf->users);
	else if (u == NULL)
		cli_fail(CLI_FAILED, "the template takes no login like "
			 "\"%s\"", login);
	arena_free(&a);
	return u;
}

void
cli_cell(struct cli_table *t, const char *text)
{
	t->cell = arena_grow(t->a, t->cell, t->n, &t->room,
			     sizeof(*t->cell));
	t->cell[t->n++] = text;
}

/* Columns on a screen: characters, not bytes. */
static size_t
width(const char *s)
{
	size_t n = 0;

	for (; *s != '\0'; s++)
		n += ((unsigned char)*s & 0xc0) != 0x80;
	return n;
}

/* What came from a phone must not steer the terminal. */
static void
print_tame(const char *s)
{
	for (; *s != '\0'; s++)
		putchar((unsigned char)*s < 0x20 || *s == 0x7f ? '?' : *s);
}

void
cli_print(const struct cli_table *t)
{
	size_t wide[16] = { 0 }, i, pad;

	for (i = 0; i < t->n; i++)
		if (width(t->cell[i]) > wide[i % t->columns])
			wide[i % t->columns] = width(t->cell[i]);
	for (i = 0; i < t->n; i++) {
		print_tame(t->cell[i]);
		if ((i + 1) % t->columns == 0) {
			putchar('\n');
			continue;
		}
		pad = wide[i % t->columns] + 2 - width(t->cell[i]);
		printf("%*s", (int)pad, "");
	}
}

const char *
cli_time(struct arena *a, int64_t when)
{
	time_t t = (time_t)when;
	struct tm tm;
	char text[32];

	if (when == 0 || localtime_r(&t, &tm) == NULL)
		return "never";
	strftime(text, sizeof(text), "%Y-%m-%d %H:%M", &tm);
	return arena_str(a, span_of(text));
}

static bool
first_line(FILE *f, char *out, size_t size)
{
	if (fgets(out, (int)size, f) == NULL)
		out[0] = '\0';
	out[strcspn(out, "\r\n")] = '\0';
	return out[0] != '\0';
}

static void
ask_hidden(const char *prompt, char *out, size_t size)
{
	struct termios old, hidden;

	if (tcgetattr(STDIN_FILENO, &old) != 0)
		return;
	hidden = old;
	hidden.c_lflag &= ~(tcflag_t)ECHO;
	tcsetattr(STDIN_FILENO, TCSAFLUSH, &hidden);
	fprintf(stderr, "%s", prompt);
	first_line(stdin, out, size);
	fputc('\n', stderr);
	tcsetattr(STDIN_FILENO, TCSAFLUSH, &old);
}

bool
cli_password(const struct cli *c, const char *prompt, char *out, size_t size)
{
	FILE *f;
	bool ok;

	out[0] = '\0';
	if (c->password_file == NULL) {
		if (prompt != NULL && isatty(STDIN_FILENO))
			ask_hidden(prompt, out, size);
		return true;
	}
	if (strcmp(c->password_file, "-") == 0) {
		ok = first_line(stdin, out, size);
	} else {
		f = fopen(c->password_file, "re");
		if (f == NULL) {
			cli_fail(CLI_FAILED, "%s cannot be opened",
				 c->password_file);
			return false;
		}
		ok = first_line(f, out, size);
		fclose(f);
	}
	if (!ok)
		cli_fail(CLI_FAILED, "no password in the first line of %s",
			 c->password_file);
	return ok;
}
