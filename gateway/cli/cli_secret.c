/* easbridge secret: keys, and settings that only they open. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/seal.h"
#include "gateway/cli/cli_config.h"

#define SECRET_MAX 100 /* a line of a user file holds 198 bytes */

/* A new file of mode 0600, never over one that is there: what an old key
 * sealed needs it. */
static int
write_key(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	size_t n = strlen(text);
	bool ok;

	if (fd < 0 && errno == EEXIST)
		return cli_fail(CLI_FAILED, "%s is there already: what it "
				"sealed can be opened by it alone. Name "
				"another with --out", path);
	if (fd < 0)
		return cli_fail(CLI_FAILED, "%s: %s", path, strerror(errno));
	ok = write(fd, text, n) == (ssize_t)n && fsync(fd) == 0;
	ok = close(fd) == 0 && ok;
	if (!ok) {
		unlink(path);
		return cli_fail(CLI_FAILED, "%s cannot be written", path);
	}
	return CLI_OK;
}

/* root's command, the daemon's file. */
static void
hand_over(const struct config *conf, const char *path)
{
	struct stat st;

	if (geteuid() == 0 && conf != NULL && conf->state != NULL &&
	    stat(conf->state, &st) == 0 &&
	    chown(path, st.st_uid, st.st_gid) != 0)
		fprintf(stderr, "easbridge: %s: %s\n", path, strerror(errno));
}

int
cli_secret_key(const struct cli *c)
{
	struct config *conf = cli_config_quiet(c);
	const char *path = c->out;
	struct arena *a = arena_new();
	struct seal_key k;
	int rc;

	if (path == NULL && conf != NULL)
		path = conf->seal.file;
	if (path == NULL) {
		rc = cli_fail(CLI_USAGE, "where to? Set seal-key in [server], "
			      "or give --out FILE");
	} else {
		seal_key_new(&k);
		rc = write_key(path, arena_printf(a, "%s\n",
						  seal_key_text(a, &k)));
		if (rc == CLI_OK) {
			hand_over(conf, path);
			printf("wrote %s, key %s\nKeep a copy apart from the "
			       "backup of the rest: without it nothing sealed "
			       "opens.\n", path, k.id);
		}
		seal_key_wipe(&k);
	}
	config_put(&conf);
	arena_free(&a);
	return rc;
}

static bool
key_of(const struct cli *c, struct seal_key *k)
{
	struct config *conf = cli_config_quiet(c);
	struct err e = { .code = ERR_NONE };
	bool ok = conf != NULL && seal_key_get(&conf->seal, k, &e);

	if (conf != NULL && !ok)
		cli_fail(CLI_FAILED, "%s", e.text);
	config_put(&conf);
	return ok;
}

/* For programs, standard input is as good as a file. */
static bool
read_secret(const struct cli *c, char *out, size_t size)
{
	struct cli own = *c;

	if (own.password_file == NULL && !isatty(STDIN_FILENO))
		own.password_file = "-";
	return cli_password(&own, "Secret to seal: ", out, size) &&
	       (out[0] != '\0' ||
		(cli_fail(CLI_USAGE, "nothing to seal"), false));
}

int
cli_secret_seal(const struct cli *c)
{
	char secret[1024] = "";
	struct arena *a = arena_new();
	struct seal_key k;
	int rc = CLI_FAILED;

	if (key_of(c, &k) && read_secret(c, secret, sizeof(secret))) {
		if (strlen(secret) > SECRET_MAX) {
			rc = cli_fail(CLI_FAILED, "longer than %d bytes, too "
				      "long for a line: keep it in a file "
				      "(password-file)", SECRET_MAX);
		} else {
			printf("password-sealed = %s\n",
			       seal_put(a, &k, span_of(secret)));
			rc = CLI_OK;
		}
		seal_key_wipe(&k);
	}
	explicit_bzero(secret, sizeof(secret));
	arena_free(&a);
	return rc;
}
