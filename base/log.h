/* One line per event: time, level, event name, then key=value pairs.
 * Bodies, subjects, addresses of mails, passwords and tokens never go in. */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdbool.h>

enum log_level { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG };

/* Lines above the level are dropped. Default LOG_INFO, to stderr. With
 * stderr connected to journald the time is left out and <N> priority
 * prefixes are written instead. */
void log_set_level(enum log_level level);
bool log_level_from(const char *name, enum log_level *out);
bool log_would(enum log_level level);

/* `event` is a fixed word ("sync", "imap-login"); fmt gives the key=value
 * pairs. Values with blanks are to be written through log_quote by the
 * caller. Thread-safe; one write(2) a line. */
void log_line(enum log_level level, const char *event, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Context of this thread, printed on each of its lines until replaced:
 * "req=17 user=alice dev=..."; "" for none. Copied, at most 160 bytes. */
void log_context(const char *ctx);

#endif
