/* quietline.kernel._kernel: the kernel's functions for Python. Each checks the lengths of its buffers, lets the
 * interpreter go, and calls one function of kernel.h. Element types are checked by quietline.kernel, which is the only
 * caller. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <fcntl.h>

#include "hash.h"
#include "kernel.h"

#define PLAN_NAME "quietline.kernel.plan"

/* Buffers of one call, released together. */
typedef struct {
    Py_buffer view[16];
    int count;
} buffers;

static void release(buffers *b) {
    while (b->count > 0) PyBuffer_Release(&b->view[--b->count]);
}

/* Get a contiguous buffer of at least `least` bytes; None gives NULL where `optional`. Returns 0 with an error set. */
static int get(buffers *b, PyObject *object, int writable, int optional, void **data, size_t *bytes) {
    *data = NULL;
    if (bytes) *bytes = 0;
    if (optional && object == Py_None) return 1;
    Py_buffer *view = &b->view[b->count];
    if (PyObject_GetBuffer(object, view, writable ? PyBUF_CONTIG : PyBUF_CONTIG_RO) < 0) return 0;
    b->count++;
    *data = view->buf;
    if (bytes) *bytes = (size_t)view->len;
    return 1;
}

static PyObject *fail(buffers *b, const char *message) {
    release(b);
    if (!PyErr_Occurred()) PyErr_SetString(PyExc_ValueError, message);
    return NULL;
}

/* ---- numbers ---------------------------------------------------------------------------------------------------- */

typedef struct {
    Py_buffer blob;
    uint64_t storage[QL_PLAN_STORAGE / 8];
    const ql_plan *plan;
} plan_holder;

static void plan_free(PyObject *capsule) {
    plan_holder *holder = PyCapsule_GetPointer(capsule, PLAN_NAME);
    if (holder) {
        PyBuffer_Release(&holder->blob);
        PyMem_Free(holder);
    }
}

static PyObject *kernel_plan(PyObject *self, PyObject *blob) {
    (void)self;
    plan_holder *holder = PyMem_Calloc(1, sizeof *holder);
    if (!holder) return PyErr_NoMemory();
    if (PyObject_GetBuffer(blob, &holder->blob, PyBUF_CONTIG_RO) < 0) {
        PyMem_Free(holder);
        return NULL;
    }
    holder->plan = ql_plan_open(holder->storage, holder->blob.buf, (size_t)holder->blob.len);
    PyObject *capsule = holder->plan ? PyCapsule_New(holder, PLAN_NAME, plan_free) : NULL;
    if (!capsule) {
        PyBuffer_Release(&holder->blob);
        PyMem_Free(holder);
        if (!PyErr_Occurred()) PyErr_SetString(PyExc_ValueError, "these bytes are not a numbering plan");
    }
    return capsule;
}

static PyObject *kernel_parse_numbers(PyObject *self, PyObject *args) {
    (void)self;
    PyObject *o[6];
    unsigned char extra;
    buffers b = {.count = 0};
    void *data, *starts, *lengths, *keys, *statuses;
    size_t n, rows_bytes, lengths_bytes, keys_bytes, status_bytes;
    if (!PyArg_ParseTuple(args, "OOOObOO", &o[0], &o[1], &o[2], &o[3], &extra, &o[4], &o[5])) return NULL;
    plan_holder *holder = PyCapsule_GetPointer(o[0], PLAN_NAME);
    if (!holder) return NULL;
    if (!get(&b, o[1], 0, 0, &data, &n) || !get(&b, o[2], 0, 0, &starts, &rows_bytes) ||
        !get(&b, o[3], 0, 0, &lengths, &lengths_bytes) || !get(&b, o[4], 1, 0, &keys, &keys_bytes) ||
        !get(&b, o[5], 1, 0, &statuses, &status_bytes)) {
        return fail(&b, "");
    }
    size_t rows = rows_bytes / 4, asked = 0, outside = 0;
    if (lengths_bytes < rows * 4 || keys_bytes < rows * 8 || status_bytes < rows) return fail(&b, "arrays differ in length");
    Py_BEGIN_ALLOW_THREADS;
    const uint32_t *start = starts, *length = lengths;
    uint64_t *key = keys;
    uint8_t *status = statuses;
    for (size_t i = 0; i < rows; i++) {
        key[i] = 0;
        if (QL_UNLIKELY(length[i] == QL_BLANK_LENGTH)) {
            status[i] = QL_BLANK;
        } else if (QL_UNLIKELY((size_t)start[i] + length[i] > n)) {
            outside = 1;
            break;
        } else {
            status[i] = ql_parse_number(holder->plan, (const uint8_t *)data + start[i], length[i], extra, &key[i]);
            asked += status[i] == QL_ASK;
        }
    }
    Py_END_ALLOW_THREADS;
    if (outside) return fail(&b, "a field lies outside the data");
    release(&b);
    return PyLong_FromSize_t(asked);
}

/* ---- rows ------------------------------------------------------------------------------------------------------- */

static PyObject *kernel_scan_rows(PyObject *self, PyObject *args) {
    (void)self;
    unsigned char delimiter, quote, terminator, gb;
    int final;
    PyObject *data_object, *columns_object, *o[3];
    if (!PyArg_ParseTuple(args, "bbbbOOpOOO", &delimiter, &quote, &terminator, &gb, &columns_object, &data_object, &final,
                          &o[0], &o[1], &o[2])) {
        return NULL;
    }
    buffers b = {.count = 0};
    void *data, *columns, *row_starts, *starts, *lengths;
    size_t n, column_bytes, row_bytes, start_bytes, length_bytes;
    if (!get(&b, data_object, 0, 0, &data, &n) || !get(&b, columns_object, 0, 0, &columns, &column_bytes) ||
        !get(&b, o[0], 1, 0, &row_starts, &row_bytes) || !get(&b, o[1], 1, 0, &starts, &start_bytes) ||
        !get(&b, o[2], 1, 0, &lengths, &length_bytes)) {
        return fail(&b, "");
    }
    ql_dialect dialect = {.delimiter = delimiter, .quote = quote, .terminator = terminator, .gb = gb};
    dialect.column_count = (uint32_t)(column_bytes / 4);
    if (dialect.column_count == 0 || dialect.column_count > QL_MAX_COLUMNS) return fail(&b, "1 to 16 columns");
    memcpy(dialect.columns, columns, column_bytes);
    for (uint32_t i = 1; i < dialect.column_count; i++) {
        if (dialect.columns[i] <= dialect.columns[i - 1]) return fail(&b, "columns must ascend");
    }
    size_t capacity = row_bytes / 4 > 0 ? row_bytes / 4 - 1 : 0, rows = 0;
    if (capacity == 0 || start_bytes < capacity * column_bytes || length_bytes < capacity * column_bytes) {
        return fail(&b, "arrays are too small");
    }
    if (n >= 0xFFFFFFF0u) return fail(&b, "at most 4 GB of data at a time");
    Py_BEGIN_ALLOW_THREADS;
    rows = ql_scan_rows(&dialect, data, n, final, capacity, row_starts, starts, lengths);
    Py_END_ALLOW_THREADS;
    release(&b);
    return PyLong_FromSize_t(rows);
}

/* last_row_end(delimiter, quote, terminator, gb, data) -> offset, or -1 where only scan_rows can tell */
static PyObject *kernel_last_row_end(PyObject *self, PyObject *args) {
    (void)self;
    ql_dialect dialect = {.column_count = 0};
    Py_buffer data;
    size_t end;
    if (!PyArg_ParseTuple(args, "bbbby*", &dialect.delimiter, &dialect.quote, &dialect.terminator, &dialect.gb, &data)) {
        return NULL;
    }
    Py_BEGIN_ALLOW_THREADS;
    end = ql_last_row_end(&dialect, data.buf, (size_t)data.len);
    Py_END_ALLOW_THREADS;
    PyBuffer_Release(&data);
    return PyLong_FromSsize_t(end == SIZE_MAX ? -1 : (Py_ssize_t)end);
}

/* Are the row offsets ascending and inside the data? */
static int rows_inside(const uint32_t *row_starts, size_t rows, size_t n) {
    for (size_t i = 0; i < rows; i++) {
        if (row_starts[i] > row_starts[i + 1]) return 0;
    }
    return row_starts[rows] <= n;
}

static PyObject *kernel_copy_rows(PyObject *self, PyObject *args) {
    (void)self;
    PyObject *o[4];
    buffers b = {.count = 0};
    void *data, *row_starts, *keep, *out;
    size_t n, row_bytes, keep_bytes, out_bytes;
    if (!PyArg_ParseTuple(args, "OOOO", &o[0], &o[1], &o[2], &o[3])) return NULL;
    if (!get(&b, o[0], 0, 0, &data, &n) || !get(&b, o[1], 0, 0, &row_starts, &row_bytes) ||
        !get(&b, o[2], 0, 0, &keep, &keep_bytes) || !get(&b, o[3], 1, 0, &out, &out_bytes)) {
        return fail(&b, "");
    }
    size_t rows = keep_bytes, written = 0;
    if (row_bytes < 4 * (rows + 1) || !rows_inside(row_starts, rows, n) || out_bytes < n) return fail(&b, "bad rows");
    Py_BEGIN_ALLOW_THREADS;
    written = ql_copy_rows(data, row_starts, keep, rows, out);
    Py_END_ALLOW_THREADS;
    release(&b);
    return PyLong_FromSize_t(written);
}

static PyObject *kernel_note_rows(PyObject *self, PyObject *args) {
    (void)self;
    PyObject *o[8];
    unsigned char delimiter;
    int with_number;
    buffers b = {.count = 0};
    void *data, *row_starts, *select, *note_of, *notes, *offsets, *keys, *out;
    size_t n, row_bytes, rows, note_of_bytes, notes_bytes, offset_bytes, keys_bytes, capacity, written = 0;
    if (!PyArg_ParseTuple(args, "OOOOOOObpO", &o[0], &o[1], &o[2], &o[3], &o[4], &o[5], &o[6], &delimiter, &with_number,
                          &o[7])) {
        return NULL;
    }
    if (!get(&b, o[0], 0, 0, &data, &n) || !get(&b, o[1], 0, 0, &row_starts, &row_bytes) ||
        !get(&b, o[2], 0, 0, &select, &rows) || !get(&b, o[3], 0, 0, &note_of, &note_of_bytes) ||
        !get(&b, o[4], 0, 0, &notes, &notes_bytes) || !get(&b, o[5], 0, 0, &offsets, &offset_bytes) ||
        !get(&b, o[6], 0, 0, &keys, &keys_bytes) || !get(&b, o[7], 1, 0, &out, &capacity)) {
        return fail(&b, "");
    }
    size_t note_count = offset_bytes / 4 ? offset_bytes / 4 - 1 : 0;
    if (row_bytes < 4 * (rows + 1) || !rows_inside(row_starts, rows, n) || note_of_bytes < 4 * rows ||
        keys_bytes < 8 * rows || !rows_inside(offsets, note_count, notes_bytes)) {
        return fail(&b, "bad rows");
    }
    for (size_t i = 0; i < rows; i++) {
        if (((const uint32_t *)note_of)[i] >= note_count) return fail(&b, "a note is missing");
    }
    Py_BEGIN_ALLOW_THREADS;
    written = ql_note_rows(data, row_starts, select, rows, note_of, notes, offsets, keys, delimiter, with_number, out,
                           capacity);
    Py_END_ALLOW_THREADS;
    release(&b);
    return PyLong_FromSize_t(written);
}

/* ---- blocks and index -------------------------------------------------------------------------------------------- */

static PyObject *kernel_crc32c(PyObject *self, PyObject *args) {
    (void)self;
    Py_buffer data;
    unsigned int crc = 0;
    if (!PyArg_ParseTuple(args, "y*|I", &data, &crc)) return NULL;
    Py_BEGIN_ALLOW_THREADS;
    crc = ql_crc32c(crc, data.buf, (size_t)data.len);
    Py_END_ALLOW_THREADS;
    PyBuffer_Release(&data);
    return PyLong_FromUnsignedLong(crc);
}

/* encode_blocks(keys, since|None, until|None, terms|None, base_offset, out, prefixes_out, pointers_out)
 * -> (blocks, bytes) */
static PyObject *kernel_encode_blocks(PyObject *self, PyObject *args) {
    (void)self;
    PyObject *o[7];
    unsigned long long base;
    buffers b = {.count = 0};
    void *keys_p, *since, *until, *terms, *out, *prefixes_p, *pointers_p;
    size_t key_bytes, since_bytes, until_bytes, terms_bytes, out_bytes, prefix_bytes, pointer_bytes;
    if (!PyArg_ParseTuple(args, "OOOOKOOO", &o[0], &o[1], &o[2], &o[3], &base, &o[4], &o[5], &o[6])) return NULL;
    if (!get(&b, o[0], 0, 0, &keys_p, &key_bytes) || !get(&b, o[1], 0, 1, &since, &since_bytes) ||
        !get(&b, o[2], 0, 1, &until, &until_bytes) || !get(&b, o[3], 0, 1, &terms, &terms_bytes) ||
        !get(&b, o[4], 1, 0, &out, &out_bytes) || !get(&b, o[5], 1, 0, &prefixes_p, &prefix_bytes) ||
        !get(&b, o[6], 1, 0, &pointers_p, &pointer_bytes)) {
        return fail(&b, "");
    }
    size_t n = key_bytes / 8, blocks = 0, written = 0;
    if ((since && since_bytes < 2 * n) || (until && until_bytes < 2 * n) || (terms && terms_bytes < 2 * n)) {
        return fail(&b, "columns differ in length");
    }
    int full = 0;
    Py_BEGIN_ALLOW_THREADS;
    const uint64_t *keys = keys_p;
    for (size_t i = 0; i < n && !full;) {
        uint64_t prefix = keys[i] / QL_BLOCK_NUMBERS;
        size_t end = i + 1;
        while (end < n && keys[end] / QL_BLOCK_NUMBERS == prefix && keys[end] >= keys[end - 1]) end++;
        if (written + ql_block_bound(end - i) > out_bytes || (blocks + 1) * 8 > prefix_bytes ||
            (blocks + 1) * 8 > pointer_bytes) {
            full = 1;
            break;
        }
        uint8_t *block = (uint8_t *)out + written;
        size_t length = ql_block_encode(keys + i, since ? (const uint16_t *)since + i : NULL,
                                        until ? (const uint16_t *)until + i : NULL,
                                        terms ? (const uint16_t *)terms + i : NULL, end - i, prefix, block);
        ((uint64_t *)prefixes_p)[blocks] = prefix;
        ((uint64_t *)pointers_p)[blocks] = ql_pointer(prefix, base + written, block[6]);
        blocks++;
        written += length;
        i = end;
    }
    Py_END_ALLOW_THREADS;
    if (full) return fail(&b, "the output is too small");
    release(&b);
    return Py_BuildValue("nn", (Py_ssize_t)blocks, (Py_ssize_t)written);
}

/* pointer(prefix, offset, encoding) */
static PyObject *kernel_pointer(PyObject *self, PyObject *args) {
    (void)self;
    unsigned long long prefix, offset;
    unsigned int encoding;
    if (!PyArg_ParseTuple(args, "KKI", &prefix, &offset, &encoding)) return NULL;
    return PyLong_FromUnsignedLongLong(ql_pointer(prefix, offset, encoding));
}

/* block_info(map, prefix, pointer) -> (offset, length, records, members) or None where the block is not sound */
static PyObject *kernel_block_info(PyObject *self, PyObject *args) {
    (void)self;
    Py_buffer map;
    unsigned long long prefix, pointer;
    if (!PyArg_ParseTuple(args, "y*KK", &map, &prefix, &pointer)) return NULL;
    uint64_t offset = ql_pointer_offset(pointer);
    const uint8_t *block = (const uint8_t *)map.buf + offset;
    size_t length = 0, available = offset < (uint64_t)map.len ? (size_t)((uint64_t)map.len - offset) : 0;
    if (ql_pointer_check(prefix, pointer) && available && ql_block_check(block, available, prefix) &&
        block[6] == ql_pointer_encoding(pointer)) {
        length = ql_block_length(block, available);
    }
    PyObject *result = Py_None;
    if (length) {
        result = Py_BuildValue("KnnI", offset, (Py_ssize_t)length, (Py_ssize_t)ql_block_records(block),
                               (unsigned int)ql_load16(block + 4));
    } else {
        Py_INCREF(result);
    }
    PyBuffer_Release(&map);
    return result;
}

/* check_blocks(map, prefixes, pointers) -> -1, or the place of the first block that is not sound */
static PyObject *kernel_check_blocks(PyObject *self, PyObject *args) {
    (void)self;
    PyObject *o[3];
    buffers b = {.count = 0};
    void *map, *prefixes, *pointers;
    size_t mapped, prefix_bytes, pointer_bytes;
    if (!PyArg_ParseTuple(args, "OOO", &o[0], &o[1], &o[2])) return NULL;
    if (!get(&b, o[0], 0, 0, &map, &mapped) || !get(&b, o[1], 0, 0, &prefixes, &prefix_bytes) ||
        !get(&b, o[2], 0, 0, &pointers, &pointer_bytes)) {
        return fail(&b, "");
    }
    if (pointer_bytes < prefix_bytes) return fail(&b, "arrays differ in length");
    Py_ssize_t bad = -1;
    Py_BEGIN_ALLOW_THREADS;
    for (size_t i = 0; i < prefix_bytes / 8; i++) {
        uint64_t prefix = ((uint64_t *)prefixes)[i], pointer = ((uint64_t *)pointers)[i];
        uint64_t offset = ql_pointer_offset(pointer);
        const uint8_t *block = (const uint8_t *)map + offset;
        if (offset >= mapped || !ql_pointer_check(prefix, pointer) || !ql_block_check(block, mapped - offset, prefix) ||
            block[6] != ql_pointer_encoding(pointer)) {
            bad = (Py_ssize_t)i;
            break;
        }
    }
    Py_END_ALLOW_THREADS;
    release(&b);
    return PyLong_FromSsize_t(bad);
}

/* decode_blocks(map, prefixes, pointers, keys_out, since_out, until_out, terms_out) -> records, or -1 - i where block i
 * is not sound, or None where the outputs are too small */
static PyObject *kernel_decode_blocks(PyObject *self, PyObject *args) {
    (void)self;
    PyObject *o[7];
    buffers b = {.count = 0};
    void *map, *prefixes, *pointers, *keys, *since, *until, *terms;
    size_t mapped, prefix_bytes, pointer_bytes, key_bytes, since_bytes, until_bytes, terms_bytes;
    if (!PyArg_ParseTuple(args, "OOOOOOO", &o[0], &o[1], &o[2], &o[3], &o[4], &o[5], &o[6])) return NULL;
    if (!get(&b, o[0], 0, 0, &map, &mapped) || !get(&b, o[1], 0, 0, &prefixes, &prefix_bytes) ||
        !get(&b, o[2], 0, 0, &pointers, &pointer_bytes) || !get(&b, o[3], 1, 0, &keys, &key_bytes) ||
        !get(&b, o[4], 1, 0, &since, &since_bytes) || !get(&b, o[5], 1, 0, &until, &until_bytes) ||
        !get(&b, o[6], 1, 0, &terms, &terms_bytes)) {
        return fail(&b, "");
    }
    size_t blocks = prefix_bytes / 8, room = key_bytes / 8, records = 0;
    if (pointer_bytes < prefix_bytes || since_bytes < 2 * room || until_bytes < 2 * room || terms_bytes < 2 * room) {
        return fail(&b, "arrays differ in length");
    }
    Py_ssize_t bad = -1;
    int full = 0;
    Py_BEGIN_ALLOW_THREADS;
    for (size_t i = 0; i < blocks; i++) {
        uint64_t prefix = ((uint64_t *)prefixes)[i], pointer = ((uint64_t *)pointers)[i];
        uint64_t offset = ql_pointer_offset(pointer);
        const uint8_t *block = (const uint8_t *)map + offset;
        if (offset >= mapped || !ql_pointer_check(prefix, pointer) || !ql_block_check(block, mapped - offset, prefix)) {
            bad = (Py_ssize_t)i;
            break;
        }
        size_t count = ql_block_records(block);
        if (count > room - records) {
            full = 1;
            break;
        }
        ql_block_decode(block, prefix, (uint64_t *)keys + records, (uint16_t *)since + records,
                        (uint16_t *)until + records, (uint16_t *)terms + records);
        records += count;
    }
    Py_END_ALLOW_THREADS;
    release(&b);
    if (full) Py_RETURN_NONE;
    return PyLong_FromSsize_t(bad >= 0 ? -1 - bad : (Py_ssize_t)records);
}

/* index_put(index, offset, capacity, prefixes, pointers) -> 1, or 0 where the index is full */
static PyObject *kernel_index_put(PyObject *self, PyObject *args) {
    (void)self;
    PyObject *o[3];
    unsigned long long offset, capacity;
    buffers b = {.count = 0};
    void *map, *prefixes, *pointers;
    size_t mapped, prefix_bytes, pointer_bytes;
    if (!PyArg_ParseTuple(args, "OKKOO", &o[0], &offset, &capacity, &o[1], &o[2])) return NULL;
    if (!get(&b, o[0], 1, 0, &map, &mapped) || !get(&b, o[1], 0, 0, &prefixes, &prefix_bytes) ||
        !get(&b, o[2], 0, 0, &pointers, &pointer_bytes)) {
        return fail(&b, "");
    }
    if (offset % 16 || offset > mapped || capacity % QL_BUCKET || capacity > (mapped - offset) / sizeof(ql_entry) ||
        pointer_bytes < prefix_bytes) {
        return fail(&b, "the index lies outside the file");
    }
    int room = 1;
    Py_BEGIN_ALLOW_THREADS;
    ql_entry *index = (ql_entry *)(void *)((uint8_t *)map + offset);
    for (size_t i = 0; i < prefix_bytes / 8 && room; i++) {
        room = ql_index_put(index, capacity, ((uint64_t *)prefixes)[i], ((uint64_t *)pointers)[i]);
    }
    Py_END_ALLOW_THREADS;
    release(&b);
    return PyLong_FromLong(room);
}

/* index_find(map, offset, capacity, prefix) -> pointer, or 0 */
static PyObject *kernel_index_find(PyObject *self, PyObject *args) {
    (void)self;
    Py_buffer map;
    unsigned long long offset, capacity, prefix, pointer = 0;
    if (!PyArg_ParseTuple(args, "y*KKK", &map, &offset, &capacity, &prefix)) return NULL;
    int inside = offset % 16 == 0 && offset <= (uint64_t)map.len && capacity % QL_BUCKET == 0 &&
                 capacity <= ((uint64_t)map.len - offset) / sizeof(ql_entry);
    if (inside && capacity) {
        pointer = ql_index_find((const ql_entry *)(const void *)((const uint8_t *)map.buf + offset), capacity, prefix);
    }
    PyBuffer_Release(&map);
    if (!inside) {
        PyErr_SetString(PyExc_ValueError, "the index lies outside the file");
        return NULL;
    }
    return PyLong_FromUnsignedLongLong(pointer);
}

/* lookup(map, limit, index_offset, capacity, checked, keys, on, dated, hits, since|None, terms|None) -> (result, prefix) */
static PyObject *kernel_lookup(PyObject *self, PyObject *args) {
    (void)self;
    PyObject *o[6];
    unsigned long long limit, offset, capacity;
    unsigned short on;
    int dated;
    buffers b = {.count = 0};
    void *map, *checked, *keys, *hits, *since, *terms;
    size_t mapped, checked_bytes, key_bytes, hit_bytes, since_bytes, terms_bytes;
    if (!PyArg_ParseTuple(args, "OKKKOOHpOOO", &o[0], &limit, &offset, &capacity, &o[1], &o[2], &on, &dated, &o[3], &o[4], &o[5])) {
        return NULL;
    }
    if (!get(&b, o[0], 0, 0, &map, &mapped) || !get(&b, o[1], 1, 0, &checked, &checked_bytes) ||
        !get(&b, o[2], 0, 0, &keys, &key_bytes) || !get(&b, o[3], 1, 0, &hits, &hit_bytes) ||
        !get(&b, o[4], 1, 1, &since, &since_bytes) || !get(&b, o[5], 1, 1, &terms, &terms_bytes)) {
        return fail(&b, "");
    }
    size_t n = key_bytes / 8;
    if (offset % 16 || offset > mapped || capacity == 0 || capacity % QL_BUCKET ||
        capacity > (mapped - offset) / sizeof(ql_entry) ||
        checked_bytes < capacity / 8 + 1 || hit_bytes < n || (since && since_bytes < 2 * n) || (terms && terms_bytes < 2 * n)) {
        return fail(&b, "arrays do not fit the register");
    }
    int result;
    uint64_t bad = 0;
    Py_BEGIN_ALLOW_THREADS;
    ql_register reg = {.map = map, .mapped = mapped, .limit = limit < mapped ? limit : mapped, .capacity = capacity, .checked = checked,
                       .index = (const ql_entry *)(const void *)((const uint8_t *)map + offset)};
    result = ql_lookup(&reg, keys, n, on, dated, hits, since, terms, &bad);
    Py_END_ALLOW_THREADS;
    release(&b);
    return Py_BuildValue("iK", result, bad);
}

/* ---- hashes and files --------------------------------------------------------------------------------------------- */

static PyObject *kernel_leaf_hashes(PyObject *self, PyObject *args) {
    (void)self;
    PyObject *o[4];
    buffers b = {.count = 0};
    void *keys, *verdicts, *salts, *out;
    size_t key_bytes, n, salt_bytes, out_bytes;
    if (!PyArg_ParseTuple(args, "OOOO", &o[0], &o[1], &o[2], &o[3])) return NULL;
    if (!get(&b, o[0], 0, 0, &keys, &key_bytes) || !get(&b, o[1], 0, 0, &verdicts, &n) ||
        !get(&b, o[2], 0, 0, &salts, &salt_bytes) || !get(&b, o[3], 1, 0, &out, &out_bytes)) {
        return fail(&b, "");
    }
    if (key_bytes < 8 * n || salt_bytes < 16 * n || out_bytes < 32 * n) return fail(&b, "arrays differ in length");
    Py_BEGIN_ALLOW_THREADS;
    ql_leaf_hashes(keys, verdicts, salts, n, out);
    Py_END_ALLOW_THREADS;
    release(&b);
    Py_RETURN_NONE;
}

static PyObject *kernel_node_hashes(PyObject *self, PyObject *args) {
    (void)self;
    PyObject *o[2];
    buffers b = {.count = 0};
    void *children, *out;
    size_t child_bytes, out_bytes;
    if (!PyArg_ParseTuple(args, "OO", &o[0], &o[1])) return NULL;
    if (!get(&b, o[0], 0, 0, &children, &child_bytes) || !get(&b, o[1], 1, 0, &out, &out_bytes)) return fail(&b, "");
    if (out_bytes < child_bytes / 64 * 32) return fail(&b, "the output is too small");
    Py_BEGIN_ALLOW_THREADS;
    ql_node_hashes(children, child_bytes / 64, out);
    Py_END_ALLOW_THREADS;
    release(&b);
    Py_RETURN_NONE;
}

/* start_writeback(fd, offset, bytes): ask the system to begin writing this part to disk, so that the fsync at the end
 * has little left to wait for. A hint: where it is not to be had, nothing happens. */
static PyObject *kernel_start_writeback(PyObject *self, PyObject *args) {
    (void)self;
    int fd;
    long long offset, bytes;
    if (!PyArg_ParseTuple(args, "iLL", &fd, &offset, &bytes)) return NULL;
#ifdef SYNC_FILE_RANGE_WRITE
    Py_BEGIN_ALLOW_THREADS;
    (void)sync_file_range(fd, offset, bytes, SYNC_FILE_RANGE_WRITE);
    Py_END_ALLOW_THREADS;
#endif
    Py_RETURN_NONE;
}

static PyMethodDef methods[] = {
    {"plan", kernel_plan, METH_O, NULL},
    {"parse_numbers", kernel_parse_numbers, METH_VARARGS, NULL},
    {"scan_rows", kernel_scan_rows, METH_VARARGS, NULL},
    {"last_row_end", kernel_last_row_end, METH_VARARGS, NULL},
    {"copy_rows", kernel_copy_rows, METH_VARARGS, NULL},
    {"note_rows", kernel_note_rows, METH_VARARGS, NULL},
    {"crc32c", kernel_crc32c, METH_VARARGS, NULL},
    {"encode_blocks", kernel_encode_blocks, METH_VARARGS, NULL},
    {"pointer", kernel_pointer, METH_VARARGS, NULL},
    {"block_info", kernel_block_info, METH_VARARGS, NULL},
    {"check_blocks", kernel_check_blocks, METH_VARARGS, NULL},
    {"decode_blocks", kernel_decode_blocks, METH_VARARGS, NULL},
    {"index_put", kernel_index_put, METH_VARARGS, NULL},
    {"index_find", kernel_index_find, METH_VARARGS, NULL},
    {"lookup", kernel_lookup, METH_VARARGS, NULL},
    {"leaf_hashes", kernel_leaf_hashes, METH_VARARGS, NULL},
    {"node_hashes", kernel_node_hashes, METH_VARARGS, NULL},
    {"start_writeback", kernel_start_writeback, METH_VARARGS, NULL},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, .m_name = "_kernel", .m_doc = "See quietline.kernel.", .m_size = 0, .m_methods = methods};

PyMODINIT_FUNC PyInit__kernel(void);
PyMODINIT_FUNC PyInit__kernel(void) { return PyModuleDef_Init(&definition); }
