#pragma once

#include <curl/curl.h>

// The setters and getters of libcurl are variadic, which Swift cannot call: here is each with the type it takes. The
// names are in brackets because the headers define macros of the same names.

static inline CURLcode curl_set_long(CURL *easy, CURLoption option, long value) {
    return (curl_easy_setopt)(easy, option, value);
}

static inline CURLcode curl_set_size(CURL *easy, CURLoption option, curl_off_t value) {
    return (curl_easy_setopt)(easy, option, value);
}

// libcurl copies the string.
static inline CURLcode curl_set_string(CURL *easy, CURLoption option, const char *value) {
    return (curl_easy_setopt)(easy, option, value);
}

static inline CURLcode curl_set_list(CURL *easy, CURLoption option, struct curl_slist *value) {
    return (curl_easy_setopt)(easy, option, value);
}

static inline CURLcode curl_set_pointer(CURL *easy, CURLoption option, void *value) {
    return (curl_easy_setopt)(easy, option, value);
}

static inline CURLcode curl_set_error_buffer(CURL *easy, char *buffer) {
    return (curl_easy_setopt)(easy, CURLOPT_ERRORBUFFER, buffer);
}

// CURLOPT_WRITEFUNCTION, CURLOPT_HEADERFUNCTION and CURLOPT_READFUNCTION.
typedef size_t (*curl_data_function)(char *data, size_t size, size_t count, void *context);

static inline CURLcode curl_set_data_function(CURL *easy, CURLoption option, curl_data_function function) {
    return (curl_easy_setopt)(easy, option, function);
}

typedef int (*curl_prerequest_function)(void *, char *, char *, int, int);

static inline CURLcode curl_set_prerequest_function(CURL *easy, curl_prerequest_function function) {
    return (curl_easy_setopt)(easy, CURLOPT_PREREQFUNCTION, function);
}

typedef curl_socket_t (*curl_open_socket_function)(void *context, curlsocktype purpose, struct curl_sockaddr *address);

static inline CURLcode curl_set_open_socket_function(CURL *easy, curl_open_socket_function function) {
    return (curl_easy_setopt)(easy, CURLOPT_OPENSOCKETFUNCTION, function);
}

typedef int (*curl_close_socket_function)(void *context, curl_socket_t socket);

static inline CURLcode curl_set_close_socket_function(CURL *easy, curl_close_socket_function function) {
    return (curl_easy_setopt)(easy, CURLOPT_CLOSESOCKETFUNCTION, function);
}

static inline CURLMcode curl_multi_set_long(CURLM *multi, CURLMoption option, long value) {
    return (curl_multi_setopt)(multi, option, value);
}

static inline CURLMcode curl_multi_set_pointer(CURLM *multi, CURLMoption option, void *value) {
    return (curl_multi_setopt)(multi, option, value);
}

static inline CURLMcode curl_multi_set_socket_function(CURLM *multi, curl_socket_callback function) {
    return (curl_multi_setopt)(multi, CURLMOPT_SOCKETFUNCTION, function);
}

static inline CURLMcode curl_multi_set_timer_function(CURLM *multi, curl_multi_timer_callback function) {
    return (curl_multi_setopt)(multi, CURLMOPT_TIMERFUNCTION, function);
}

static inline CURLcode curl_get_long(CURL *easy, CURLINFO info, long *value) {
    return (curl_easy_getinfo)(easy, info, value);
}

static inline CURLcode curl_get_size(CURL *easy, CURLINFO info, curl_off_t *value) {
    return (curl_easy_getinfo)(easy, info, value);
}

static inline CURLcode curl_get_socket(CURL *easy, CURLINFO info, curl_socket_t *value) {
    return (curl_easy_getinfo)(easy, info, value);
}
