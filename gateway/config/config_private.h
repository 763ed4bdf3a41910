/* Shared by config*.c only: tables of settings and the reader they drive. */
#ifndef GATEWAY_CONFIG_PRIVATE_H
#define GATEWAY_CONFIG_PRIVATE_H

#include "base/arena.h"
#include "base/limits.h"
#include "gateway/config/config.h"
#include "gateway/config/switches.h"

struct reader;
struct preset;

/* One setting: how it is read, where it goes, what it means. `def` is read
 * like a value from the file; NULL: none. */
struct setting {
	const char *name;
	/* Reports mistakes itself and then leaves the target alone. */
	void (*set)(struct reader *rd, const struct setting *s, void *target,
		    const char *value);
	size_t at;
	const char *def;
	const char *example;
	const char *help;
};

/* One kind of section. The top of a file is the section named "". */
struct section {
	const char *name;
	bool many;       /* "[mail]" and "[mail NAME]", any number */
	const struct setting *rows; /* ended by a row without name */
	/* Where a section that begins keeps its values; after that the
	 * defaults are set. */
	void *(*begin)(struct reader *rd, const char *name);
	const char *help;
	const char *example; /* title in the reference, where it and all its
				rows are an example; else NULL */
};

struct oauths_raw;

struct reader {
	struct arena *arena;
	const char *file, *dir;
	struct config_report *rep;
	bool user_file;
	const struct config *main; /* of a user file; may be NULL */
	const char *login;  /* template: what %u stands for; else NULL */
	void *ctx;          /* of begin: the object being read */
	struct oauths_raw *oauths; /* ... and its [oauth NAME] sections */
	const struct section *sections; /* ended by one without name */
	unsigned line;
	unsigned errors;
	/* the section being read */
	const struct section *section;
	void *target;
	uint64_t seen;      /* rows set in it, by index */
	uint64_t *seen_out; /* ... kept there too; begin may set it */
	char title[200];
};

/* An [oauth NAME] section as written. */
struct oauth_raw {
	struct oauth_client client;
	uint64_t seen;
	unsigned line;
};
#define MAX_OAUTHS 16

struct oauths_raw {
	struct oauth_raw v[MAX_OAUTHS];
	size_t n;
};

/* A [mail] or [dav] section as written. */
struct source_raw {
	struct source_conf source;
	const struct preset *preset; /* NULL: none */
	const char *host;            /* for the preset */
	uint64_t seen;               /* rows that were written, by index */
	struct secret password;
	bool oauth;                  /* auth = oauth */
	const char *oauth_name;      /* NULL: by the preset, or the only one */
	const struct oauth_conf *grant; /* config_oauth.c */
	bool save_sent, enabled;
	bool off; /* switched off by a command */
	enum itip_schedule schedule;
	const char *prefix;
	unsigned line;
};

/* A user file as written. */
struct user_raw {
	const char **logins;
	size_t n_logins;
	const char *name;
	const char *zone;
	const char **emails;
	size_t n_emails;
	struct secret password;
	const struct preset *preset;
	const char *host;
	const char *country;
	bool link;
	bool merge_inbox;
	enum view_mode views;
	const char *defaults[KIND_COUNT];
	struct source_raw sources[MAX_SOURCES];
	size_t n_sources;
	struct quiet_conf quiet[MAX_QUIET];
	size_t n_quiet;
};

extern const struct section main_sections[];
extern const struct section user_sections[];

/* config_tables.c: readers of values that other tables use too. A comma list
 * goes to a struct text_list. */
void setting_text(struct reader *rd, const struct setting *s, void *target,
		  const char *v);
void setting_list(struct reader *rd, const struct setting *s, void *target,
		  const char *v, bool lower_case);
/* config_quiet.c: the section [quiet]. */
extern const struct setting quiet_rows[];
void *quiet_begin(struct reader *rd, const char *name);
/* What is missing in them. */
void quiet_check(struct reader *rd, const struct user_raw *raw);
/* config_notes.c: at most one mailbox for notes. */
void notes_check(struct reader *rd, const struct user_raw *raw);
/* config_views.c: readers of merge and views. */
void set_merge(struct reader *rd, const struct setting *s, void *target,
	       const char *v);
void set_views(struct reader *rd, const struct setting *s, void *target,
	       const char *v);

/* config_read.c. Reads text through inih and the tables; false if anything
 * was reported. */
bool reader_run(struct reader *rd, struct span text);
/* Reports a mistake at the present line (line 0: about the file). */
void reader_say(struct reader *rd, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* A small file as text; NULL with a report if it cannot be read. */
char *reader_load(struct reader *rd, size_t *n_out);
const char *dir_of(struct arena *a, const char *file);
const char *path_in(struct arena *a, const char *dir, const char *path);

/* A section that nobody wrote: begins it, with its defaults; NULL with a
 * report if that cannot be. */
void *reader_section(struct reader *rd, const char *name);
/* Sets a row of a section as if it had been written there, unless `seen`
 * says that it was; it must exist. */
void reader_default(struct reader *rd, const char *section, void *target,
		    uint64_t seen, const char *key, const char *value);

/* config_preset.c: puts in what the presets say and the file does not. */
void presets_apply(struct reader *rd, struct user_raw *raw);

/* config_oauth.c: [oauth NAME] sections, of the main file or of a user's. */
extern const struct setting oauth_rows[];
void *begin_oauth(struct reader *rd, const char *name);
/* Puts in what the presets know, and says what is missing. */
void oauths_check(struct reader *rd);
/* The client key of that name for this user, its own before the main file's;
 * NULL: none. */
const struct oauth_client *oauth_find(const struct reader *rd,
				      const char *name);
/* Finds the client of each source with auth = oauth, and its grant. */
void oauth_resolve(struct reader *rd, struct user_raw *raw);

/* config_user.c */
struct user_from {
	const char *file;
	struct span text;           /* NULL inside: read the file */
	const char *login;          /* template: of whom; else NULL */
	const struct switches *off; /* NULL: nothing is */
	uint64_t generation;        /* of the snapshot */
	const struct config *main;  /* what it says; may be NULL */
};
struct user_conf *user_read(const struct user_from *from,
			    struct config_report *rep);
/* May this login stand in file names and commands of a template? */
bool login_is_tame(const char *login);

#endif
