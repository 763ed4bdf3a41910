/* Loading a snapshot: main file, user files, template. */
#include "gateway/config/config_private.h"

#include <dirent.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct login_row {
	const char *login;
	struct user_conf *user;
};

struct config_private {
	atomic_uint refs;
	struct arena *arena;
	struct user_conf **users;
	size_t n_users, users_room;
	struct login_row *rows; /* sorted by login */
	size_t n_rows, rows_room;
	struct span template;   /* its text; NULL inside: none */
	struct switches off;
	const struct config *old; /* while loading: what was in effect */
};

static atomic_uint_fast64_t generations;

struct config *
config_ref(struct config *c)
{
	atomic_fetch_add(&c->priv->refs, 1);
	return c;
}

static void
config_free(struct config *c)
{
	struct config_private *p = c->priv;
	struct arena *a = p->arena;
	size_t i;

	for (i = 0; i < p->n_users; i++)
		user_conf_put(&p->users[i]);
	arena_free(&a); /* holds c and p too */
}

void
config_put(struct config **c)
{
	struct config *gone = *c;

	*c = NULL;
	if (gone != NULL && atomic_fetch_sub(&gone->priv->refs, 1) == 1)
		config_free(gone);
}

/* ---- users ---------------------------------------------------------------*/

static const struct login_row *
find_login(const struct config_private *p, const char *login)
{
	size_t i;

	for (i = 0; i < p->n_rows; i++)
		if (strcmp(p->rows[i].login, login) == 0)
			return &p->rows[i];
	return NULL;
}

static void
add_row(struct config *c, const char *login, struct user_conf *u)
{
	struct config_private *p = c->priv;

	p->rows = arena_grow(p->arena, p->rows, p->n_rows, &p->rows_room,
			     sizeof(*p->rows));
	p->rows[p->n_rows++] = (struct login_row){ login, u };
}

/* Phones that know only the address log in with it: addresses count as
 * logins unless they are somebody's login already. */
static void
add_addresses(struct config *c)
{
	struct config_private *p = c->priv;
	size_t i, k, at;

	for (i = 0; i < p->n_users; i++)
		for (k = 0; k < p->users[i]->n_emails; k++) {
			char *s = arena_str(p->arena,
				span_of(p->users[i]->emails[k]));

			for (at = 0; s[at] != '\0'; at++)
				if (s[at] >= 'A' && s[at] <= 'Z')
					s[at] = (char)(s[at] - 'A' + 'a');
			if (find_login(p, s) == NULL)
				add_row(c, s, p->users[i]);
		}
}

static int
by_login(const void *a, const void *b)
{
	return strcmp(((const struct login_row *)a)->login,
		      ((const struct login_row *)b)->login);
}

static void
say_file(struct config_report *rep, const char *file, const char *text)
{
	rep->errors++;
	rep->user_errors++;
	rep->say(rep->ctx, file, 0, text);
}

static bool
logins_free(struct config *c, const struct user_conf *u,
	    struct config_report *rep)
{
	size_t i;

	for (i = 0; i < u->n_logins; i++) {
		const struct login_row *r = find_login(c->priv, u->logins[i]);

		if (r == NULL)
			continue;
		if (rep != NULL)
			say_file(rep, u->file,
				 arena_printf(c->priv->arena, "login \"%s\" "
					      "belongs to %s already: remove "
					      "it from one", u->logins[i],
					      r->user->file));
		return false;
	}
	return true;
}

static void
put_user(struct config *c, struct user_conf *u)
{
	struct config_private *p = c->priv;
	size_t i;

	p->users = arena_grow(p->arena, p->users, p->n_users, &p->users_room,
			      sizeof(struct user_conf *));
	p->users[p->n_users++] = u;
	for (i = 0; i < u->n_logins; i++)
		add_row(c, u->logins[i], u);
}

/* As the file was when it was last good. */
static void
keep_user(struct config *c, const char *file)
{
	const struct config *old = c->priv->old;
	size_t i;

	for (i = 0; old != NULL && i < old->priv->n_users; i++) {
		const struct user_conf *u = old->priv->users[i];

		if (strcmp(u->file, file) == 0 && logins_free(c, u, NULL)) {
			put_user(c, user_conf_ref(u));
			return;
		}
	}
}

static void
add_user(struct config *c, const char *file, struct config_report *rep)
{
	struct user_from from = { .file = file, .off = &c->priv->off,
				  .main = c, .generation = c->generation };
	struct user_conf *u = user_read(&from, rep);

	if (u != NULL && logins_free(c, u, rep)) {
		put_user(c, u);
		return;
	}
	user_conf_put(&u);
	keep_user(c, file);
}

static void
keep_users(struct config *c)
{
	const struct config *old = c->priv->old;
	size_t i;

	for (i = 0; old != NULL && i < old->priv->n_users; i++)
		put_user(c, user_conf_ref(old->priv->users[i]));
}

static int
is_user_file(const struct dirent *d)
{
	return d->d_name[0] != '.' &&
	       span_ends_ci(span_of(d->d_name), SPAN(".conf"));
}

static void
read_users(struct config *c, struct config_report *rep)
{
	struct config_private *p = c->priv;
	struct dirent **list = NULL;
	int n, i;

	if (c->users == NULL)
		return;
	n = scandir(c->users, &list, is_user_file, alphasort);
	if (n < 0) {
		say_file(rep, c->users, "is not a folder that can be read: "
			 "make it, or change the setting users");
		keep_users(c);
	}
	for (i = 0; i < n; i++) {
		add_user(c, path_in(p->arena, c->users, list[i]->d_name),
			 rep);
		free(list[i]);
	}
	free(list);
	add_addresses(c);
	if (p->n_rows > 0)
		qsort(p->rows, p->n_rows, sizeof(*p->rows), by_login);
}

/* The template is tried with a login nobody has, so that its mistakes show
 * now and not when the first phone comes. */
static void
read_template(struct config *c, struct config_report *rep)
{
	struct config_private *p = c->priv;
	struct reader rd = { .arena = p->arena, .file = c->template,
			     .rep = rep, .user_file = true };
	struct user_from from = { .file = c->template,
				  .login = "user@example.org", .main = c };
	struct user_conf *u;
	size_t n = 0;
	char *text;

	if (c->template == NULL)
		return;
	text = reader_load(&rd, &n);
	from.text = span_from(text, n);
	u = text == NULL ? NULL : user_read(&from, rep);
	if (u != NULL)
		p->template = span_from(text, n);
	else if (p->old != NULL)
		p->template = arena_dup(p->arena, p->old->priv->template);
	user_conf_put(&u);
}

/* Once read without a mistake, a template has none for other logins. */
static void
ignore(void *ctx, const char *file, unsigned line, const char *text)
{
	(void)ctx;
	(void)file;
	(void)line;
	(void)text;
}

struct user_conf *
config_user(struct config *c, const char *login)
{
	struct config_report quiet = { .say = ignore };
	struct config_private *p = c->priv;
	struct login_row want = { login, NULL }, *row = NULL;

	if (p->n_rows > 0)
		row = bsearch(&want, p->rows, p->n_rows, sizeof(want),
			      by_login);
	if (row != NULL)
		return user_conf_ref(row->user);
	if (p->template.p == NULL || !login_is_tame(login))
		return NULL;
	return user_read(&(struct user_from){ .file = c->template,
					      .text = p->template,
					      .login = login, .main = c,
					      .off = &p->off,
					      .generation = c->generation },
			 &quiet);
}

size_t
config_users(const struct config *c)
{
	return c->priv->n_users;
}

const struct user_conf *
config_user_at(const struct config *c, size_t i)
{
	return c->priv->users[i];
}

/* ---- main file -----------------------------------------------------------*/

static void
check_policy(struct reader *rd, const struct config *c)
{
	static const struct {
		enum policy_key key;
		int32_t min, max;
		const char *name;
	} ranges[] = {
		{ POL_MIN_LENGTH, 1, 16, "min-length" },
		{ POL_MIN_COMPLEX, 1, 4, "min-complex" },
		{ POL_MAX_FAILED, 4, 16, "max-failed" },
		{ POL_MAX_EMAIL_AGE, 0, 5, "max-email-age" },
	};
	size_t i;

	for (i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++) {
		int32_t v = c->policy[ranges[i].key];

		if (v != CONFIG_UNSET &&
		    (v < ranges[i].min || v > ranges[i].max))
			reader_say(rd, "[policy] %s is from %d to %d, not "
				   "%d", ranges[i].name, ranges[i].min,
				   ranges[i].max, v);
	}
}

static void
check_tls(struct reader *rd, const struct config *c)
{
	if ((c->tls_cert == NULL) != (c->tls_key == NULL))
		reader_say(rd, "tls-cert and tls-key go together: add %s",
			   c->tls_cert ? "tls-key" : "tls-cert");
	if (c->tls_cert != NULL && access(c->tls_cert, R_OK) != 0)
		reader_say(rd, "tls-cert: %s cannot be read", c->tls_cert);
	if (c->tls_key != NULL && access(c->tls_key, R_OK) != 0)
		reader_say(rd, "tls-key: %s cannot be read", c->tls_key);
}

static void
check_main(struct reader *rd, const struct config *c)
{
	if (c->listen == NULL)
		reader_say(rd, "no [server] section: add one with at least "
			   "state and users");
	else if (c->state == NULL)
		reader_say(rd, "[server] has no \"state\": add the folder "
			   "where easbridge keeps its data");
	if (c->listen != NULL && c->users == NULL && c->template == NULL)
		reader_say(rd, "[server] has neither \"users\" nor "
			   "\"template\": nobody could log in");
	check_tls(rd, c);
	check_policy(rd, c);
}

/* Their number is fixed before any user file is read. */
static void
take_oauths(struct config *c, struct oauths_raw *o)
{
	struct oauth_client *v = arena_array(c->priv->arena, o->n + 1,
					     sizeof(*v));
	size_t i;

	for (i = 0; i < o->n; i++) {
		v[i] = o->v[i].client;
		v[i].client_secret.key = c->seal;
	}
	c->oauths = v;
	c->n_oauths = o->n;
}

static bool
read_main(struct config *c, struct config_report *rep)
{
	struct arena *a = c->priv->arena;
	struct oauths_raw oauths = { .n = 0 };
	struct reader rd = { .arena = a, .file = c->file, .rep = rep,
			     .dir = dir_of(a, c->file), .ctx = c,
			     .oauths = &oauths,
			     .sections = main_sections };
	size_t n = 0;
	char *text = reader_load(&rd, &n);

	if (text == NULL)
		return false;
	reader_run(&rd, span_from(text, n));
	check_main(&rd, c);
	oauths_check(&rd);
	take_oauths(c, &oauths);
	if (c->passwords == NULL && c->state != NULL)
		c->passwords = path_in(a, c->state, "passwords");
	return rd.errors == 0;
}

static struct config *
config_new(const char *file)
{
	struct arena *a = arena_new();
	struct config *c = arena_alloc(a, sizeof(*c));
	size_t i;

	c->priv = arena_alloc(a, sizeof(*c->priv));
	c->priv->arena = a;
	atomic_init(&c->priv->refs, 1);
	c->file = arena_str(a, span_of(file));
	c->generation = atomic_fetch_add(&generations, 1) + 1;
	for (i = 0; i < POL_COUNT; i++)
		c->policy[i] = CONFIG_UNSET;
	return c;
}

static void
say_log(void *ctx, const char *file, unsigned line, const char *text)
{
	(void)ctx;
	log_line(LOG_ERROR, "config", "file=%s line=%u text='%s'", file, line,
		 text);
}

/* Unreadable: what was off stays off. */
static void
read_switches(struct config *c, struct config_report *rep)
{
	struct config_private *p = c->priv;
	const struct switches *was = p->old ? &p->old->priv->off : NULL;
	struct err e = { 0 };
	size_t i;

	if (switches_read(p->arena, c->state, &p->off, &e))
		return;
	say_file(rep, c->state, e.text);
	if (was == NULL)
		return;
	p->off.v = arena_array(p->arena, was->n + 1, sizeof(*p->off.v));
	p->off.n = was->n;
	for (i = 0; i < was->n; i++)
		p->off.v[i] = (struct switched){
			arena_str(p->arena, span_of(was->v[i].login)),
			arena_str(p->arena, span_of(was->v[i].source))
		};
}

struct config *
config_load(const char *file, struct config_report *rep)
{
	return config_reload(file, NULL, rep);
}

struct config *
config_reload(const char *file, const struct config *old,
	      struct config_report *rep)
{
	struct config_report own = { .say = say_log };
	struct config *c = config_new(file);

	if (rep == NULL)
		rep = &own;
	if (!read_main(c, rep)) {
		config_put(&c);
		return NULL;
	}
	c->priv->old = old;
	read_switches(c, rep);
	read_users(c, rep);
	read_template(c, rep);
	c->priv->old = NULL;
	c->mistakes = rep->errors;
	return c;
}
