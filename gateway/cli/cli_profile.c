/* easbridge profile */
#include <errno.h>
#include <qrencode.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "gateway/cli/cli_config.h"
#include "gateway/commands/profile.h"

/* Two rows in one line of half blocks, dark on light, with the quiet zone
 * that cameras want. */
static void
print_qr(const char *text)
{
	QRcode *q = QRcode_encodeString8bit(text, 0, QR_ECLEVEL_L);
	static const char *const blocks[] = { "\xe2\x96\x88", "\xe2\x96\x80",
					      "\xe2\x96\x84", " " };
	int x, y, k;

	if (q == NULL)
		return;
	for (y = -2; y < q->width + 2; y += 2) {
		/* Whatever the terminal's own colours are. */
		if (isatty(STDOUT_FILENO))
			fputs("\033[97;40m", stdout);
		for (x = -2; x < q->width + 2; x++) {
			unsigned dark = 0;

			for (k = 0; k < 2; k++)
				if (x >= 0 && x < q->width && y + k >= 0 &&
				    y + k < q->width &&
				    (q->data[(y + k) * q->width + x] & 1))
					dark |= k == 0 ? 2u : 1u;
			fputs(blocks[dark], stdout);
		}
		puts(isatty(STDOUT_FILENO) ? "\033[0m" : "");
	}
	QRcode_free(q);
}

static int
save(const char *path, struct span text)
{
	FILE *f = fopen(path, "we");
	bool ok = f != NULL && fwrite(text.p, 1, text.n, f) == text.n;

	if (f == NULL || fclose(f) != 0 || !ok)
		return cli_fail(CLI_FAILED, "%s: %s", path, strerror(errno));
	return CLI_OK;
}

static int
show(const struct config *conf, const char *url, struct span text)
{
	char token[PROFILE_TOKEN], link[600];
	struct err e = { .code = ERR_NONE };
	size_t n = strlen(url);

	while (n > 0 && url[n - 1] == '/')
		n--;
	if (!profile_publish(conf->state, text, token, &e))
		return cli_fail(CLI_FAILED, "%s", e.text);
	snprintf(link, sizeof(link), "%.*s/autodiscover/profile/%s"
		 ".mobileconfig", (int)n, url, token);
	print_qr(link);
	printf("%s\n", link);
	fprintf(stderr, "Point the iPhone's camera at it, allow the download, "
		"then Settings, Profile Downloaded.\nThe link works for %d "
		"hours; the password is typed on the phone.\n",
		PROFILE_HOURS);
	return CLI_OK;
}

static int
make(const struct cli *c, const struct config *conf,
     const struct user_conf *u)
{
	const char *url = c->url != NULL ? c->url : conf->external_url;
	struct buf b = BUF_INIT(65536);
	int rc;

	if (url == NULL)
		return cli_fail(CLI_FAILED, "where phones reach easbridge is "
				"not known: set external-url, or give --url "
				"https://HOST");
	if (strncmp(url, "https://", 8) != 0 &&
	    strncmp(url, "http://", 7) != 0)
		return cli_fail(CLI_USAGE, "\"%s\" is not https://HOST",
				url);
	profile_write(&b, u, url);
	rc = c->out != NULL ? save(c->out, buf_view(&b))
			    : show(conf, url, buf_view(&b));
	buf_free(&b);
	return rc;
}

int
cli_profile(const struct cli *c)
{
	struct config *conf = cli_config(c);
	struct user_conf *u;
	int rc = CLI_FAILED;

	if (conf == NULL)
		return CLI_USAGE;
	u = cli_user(conf, c->argv[0]);
	if (u != NULL)
		rc = make(c, conf, u);
	user_conf_put(&u);
	config_put(&conf);
	return rc;
}
