#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static enum log_level threshold = LOG_INFO;
static __thread char context[160];

static const char *const names[] = { "error", "warn", "info", "debug" };
static const int priorities[] = { 3, 4, 6, 7 };

void
log_set_level(enum log_level level)
{
	threshold = level;
}

bool
log_level_from(const char *name, enum log_level *out)
{
	int i;

	for (i = 0; i < 4; i++)
		if (strcmp(name, names[i]) == 0) {
			*out = (enum log_level)i;
			return true;
		}
	return false;
}

bool
log_would(enum log_level level)
{
	return level <= threshold;
}

void
log_context(const char *ctx)
{
	snprintf(context, sizeof(context), "%s", ctx);
}

static int
put_prefix(char *line, size_t room, enum log_level level)
{
	struct timespec ts;
	struct tm tm;

	if (getenv("JOURNAL_STREAM") != NULL)
		return snprintf(line, room, "<%d>", priorities[level]);
	clock_gettime(CLOCK_REALTIME, &ts);
	gmtime_r(&ts.tv_sec, &tm);
	return snprintf(line, room, "%04d-%02d-%02dT%02d:%02d:%02d.%03ldZ ",
			tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday,
			tm.tm_hour, tm.tm_min, tm.tm_sec,
			ts.tv_nsec / 1000000);
}

void
log_line(enum log_level level, const char *event, const char *fmt, ...)
{
	char line[2048];
	size_t n, i;
	va_list ap;

	if (level > threshold)
		return;
	n = (size_t)put_prefix(line, sizeof(line), level);
	n += (size_t)snprintf(line + n, sizeof(line) - n, "%s %s%s%s ",
			      names[level], event, context[0] ? " " : "",
			      context);
	va_start(ap, fmt);
	n += (size_t)vsnprintf(line + n, sizeof(line) - n, fmt, ap);
	va_end(ap);
	if (n > sizeof(line) - 2)
		n = sizeof(line) - 2;
	/* One event is one line, whatever a server wrote into a text. */
	for (i = 0; i < n; i++)
		if ((unsigned char)line[i] < ' ' || line[i] == 0x7F)
			line[i] = ' ';
	line[n++] = '\n';
	(void)!write(STDERR_FILENO, line, n);
}
