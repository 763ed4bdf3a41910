/* MS-ASCMD 2.2.4 and 2.2.2: numbers for errors. */
#include "gateway/http/status.h"

#include <assert.h>
#include <stddef.h>
#include <stdint.h>

/* Order of the columns: the order of enum err_code. A new code makes the
 * static_assert below fail until every row has a column for it. */
#define ROW(not_found, conflict, exists, denied, invalid, unsupported,       \
	    too_big, quota, unavailable, peer, stale, bug)                    \
	{                                                                     \
		[ERR_NONE] = 1, [ERR_NOT_FOUND] = (not_found),                \
		[ERR_CONFLICT] = (conflict), [ERR_EXISTS] = (exists),         \
		[ERR_DENIED] = (denied), [ERR_INVALID] = (invalid),           \
		[ERR_UNSUPPORTED] = (unsupported),                            \
		[ERR_TOO_BIG] = (too_big), [ERR_QUOTA] = (quota),             \
		[ERR_UNAVAILABLE] = (unavailable), [ERR_PEER] = (peer),       \
		[ERR_STALE] = (stale), [ERR_BUG] = (bug)                      \
	}

static_assert(ERR_CODES == 13, "a new error code needs a column in ROW");

static const uint8_t numbers[STATUS_TABLES][ERR_CODES] = {
	/*          not conf ex  den inv uns big quo una peer sta bug */
	[STATUS_COMMON] =
		ROW(110, 111, 110, 112, 103, 110, 110, 113, 111, 110, 132, 110),
	[STATUS_SYNC_ITEM] =
		ROW(8,   7,   6,   6,   6,   6,   9,   9,   5,   6,   8,   6),
	[STATUS_SYNC_COLL] =
		ROW(12,  16,  5,   5,   4,   4,   5,   9,   16,  5,   3,   5),
	[STATUS_SYNC_ROOT] =
		ROW(12,  16,  5,   5,   4,   4,   4,   5,   16,  5,   12,  5),
	[STATUS_FOLDER_SYNC] =
		ROW(6,   6,   6,   6,   10,  10,  6,   6,   6,   6,   9,   6),
	[STATUS_FOLDER_CREATE] =
		ROW(5,   6,   2,   6,   10,  10,  6,   6,   6,   6,   9,   6),
	[STATUS_FOLDER_DELETE] =
		ROW(4,   6,   6,   3,   10,  3,   6,   6,   6,   6,   9,   6),
	[STATUS_FOLDER_UPDATE] =
		ROW(4,   6,   2,   2,   10,  2,   6,   6,   6,   6,   9,   6),
	[STATUS_ESTIMATE] =
		ROW(2,   4,   2,   2,   2,   2,   2,   2,   3,   2,   4,   2),
	[STATUS_MOVE_SRC] =
		ROW(1,   7,   7,   7,   1,   1,   7,   7,   7,   7,   1,   7),
	[STATUS_MOVE_DST] =
		ROW(2,   7,   7,   2,   2,   2,   7,   7,   7,   7,   2,   7),
	[STATUS_ITEM_OPERATIONS] =
		ROW(6,   3,   3,   5,   2,   9,   11,  3,   7,   14,  6,   3),
	[STATUS_PING] =
		ROW(7,   8,   8,   8,   4,   4,   8,   8,   8,   8,   7,   8),
	[STATUS_PROVISION] =
		ROW(3,   3,   3,   3,   2,   2,   2,   3,   3,   3,   3,   3),
	[STATUS_SEARCH] =
		ROW(6,   3,   3,   5,   2,   2,   8,   3,   7,   3,   11,  3),
	[STATUS_FIND] =
		ROW(110, 111, 110, 112, 2,   2,   110, 113, 111, 110, 3,   110),
	[STATUS_RESOLVE] =
		ROW(6,   6,   6,   6,   5,   5,   6,   6,   6,   6,   6,   6),
	[STATUS_SEND] =
		ROW(150, 111, 118, 120, 107, 120, 122, 115, 120, 120, 150, 110),
	[STATUS_SETTINGS] =
		ROW(2,   4,   2,   3,   2,   2,   5,   4,   4,   4,   4,   4),
};

unsigned
status_of(enum status_table t, const struct err *e)
{
	unsigned status;

	assert(t < STATUS_TABLES && (unsigned)e->code < ERR_CODES);
	status = numbers[t][e->code];
	assert(status != 0);
	return status;
}

/* For the whole request. */
static const uint16_t http_numbers[] = {
	[ERR_NONE] = 200,
	[ERR_NOT_FOUND] = 404,
	[ERR_CONFLICT] = 503,
	[ERR_EXISTS] = 500,
	[ERR_DENIED] = 401,
	[ERR_INVALID] = 400,
	[ERR_UNSUPPORTED] = 501,
	[ERR_TOO_BIG] = 413,
	[ERR_QUOTA] = 507,
	/* Never 401 for a source that is down: phones drop the password. */
	[ERR_UNAVAILABLE] = 503,
	[ERR_PEER] = 503,
	[ERR_STALE] = 500,
	[ERR_BUG] = 500,
};

static_assert(sizeof(http_numbers) / sizeof(http_numbers[0]) == ERR_CODES,
	      "a new error code needs an HTTP status");

int
status_http(const struct err *e)
{
	/* A folder without permission is not a wrong password. */
	if (e->code == ERR_DENIED && e->scope != SCOPE_ACCOUNT)
		return 403;
	return http_numbers[e->code];
}

/* reference: common codes, what <= 12.1 gets in their place. */
static const struct {
	uint16_t eas, http;
} old_numbers[] = {
	{ 101, 400 }, { 102, 400 }, { 103, 400 }, { 104, 400 }, { 105, 400 },
	{ 106, 400 }, { 107, 400 }, { 108, 400 }, { 109, 400 }, { 110, 500 },
	{ 111, 503 }, { 112, 403 }, { 113, 507 }, { 114, 503 }, { 115, 507 },
	{ 123, 403 }, { 124, 401 }, { 125, 403 }, { 126, 403 }, { 127, 403 },
	{ 128, 403 }, { 129, 403 }, { 130, 403 }, { 131, 403 }, { 132, 403 },
	{ 133, 503 }, { 137, 501 }, { 138, 400 }, { 140, 449 }, { 141, 449 },
	{ 142, 449 }, { 143, 449 }, { 144, 449 }, { 145, 403 }, { 147, 400 },
	{ 177, 403 },
};

int
status_http_old(unsigned eas_status)
{
	size_t i;

	for (i = 0; i < sizeof(old_numbers) / sizeof(old_numbers[0]); i++)
		if (old_numbers[i].eas == eas_status)
			return old_numbers[i].http;
	return 500;
}
