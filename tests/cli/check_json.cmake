# cmake -DFILE=... -P check_json.cmake: fails unless the file is one JSON object or array and nothing else.
file(READ "${FILE}" text)
string(JSON type ERROR_VARIABLE error TYPE "${text}")
if(error)
  message(FATAL_ERROR "${error}")
endif()
if(NOT type STREQUAL "OBJECT" AND NOT type STREQUAL "ARRAY")
  message(FATAL_ERROR "a JSON ${type}")
endif()
