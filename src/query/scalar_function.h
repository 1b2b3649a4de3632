// Makes a function of SQL out of one that computes a single row.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "duckdb.h"

namespace dns_monitor {

// Where the result of a row goes.
class TextResult {
 public:
  static constexpr duckdb_type kType = DUCKDB_TYPE_VARCHAR;

  explicit TextResult(duckdb_vector vector) : vector_(vector) {}
  // Copies it.
  void Set(absl::string_view text) {
    duckdb_vector_assign_string_element_len(vector_, row_, text.data(), text.size());
  }
  void SetNull() {
    duckdb_vector_ensure_validity_writable(vector_);
    duckdb_validity_set_row_invalid(duckdb_vector_get_validity(vector_), row_);
  }
  void MoveTo(idx_t row) { row_ = row; }

 private:
  duckdb_vector vector_;
  idx_t row_ = 0;
};

template <typename T, duckdb_type type>
class ValueResult {
 public:
  static constexpr duckdb_type kType = type;

  explicit ValueResult(duckdb_vector vector)
      : vector_(vector), values_(static_cast<T*>(duckdb_vector_get_data(vector))) {}
  void Set(T value) { values_[row_] = value; }
  void SetNull() {
    duckdb_vector_ensure_validity_writable(vector_);
    duckdb_validity_set_row_invalid(duckdb_vector_get_validity(vector_), row_);
  }
  void MoveTo(idx_t row) { row_ = row; }

 private:
  duckdb_vector vector_;
  T* values_;
  idx_t row_ = 0;
};
using IntegerResult = ValueResult<int64_t, DUCKDB_TYPE_BIGINT>;
using BooleanResult = ValueResult<bool, DUCKDB_TYPE_BOOLEAN>;

// One argument of all rows. DuckDB has cast shorter integers.
template <typename T, duckdb_type type>
class ValueArgument {
 public:
  static constexpr duckdb_type kType = type;

  explicit ValueArgument(duckdb_vector vector)
      : values_(static_cast<T*>(duckdb_vector_get_data(vector))),
        validity_(duckdb_vector_get_validity(vector)) {}
  bool IsNull(idx_t row) const {
    constexpr idx_t kBits = 64;
    return validity_ != nullptr && (validity_[row / kBits] >> row % kBits & 1) == 0;
  }
  auto Get(idx_t row) const {
    if constexpr (type == DUCKDB_TYPE_VARCHAR) {
      return absl::string_view(duckdb_string_t_data(&values_[row]),
                               duckdb_string_t_length(values_[row]));
    } else {
      return values_[row];
    }
  }

 private:
  T* values_;
  uint64_t* validity_;
};

template <typename T>
struct ArgumentFor;
template <>
struct ArgumentFor<absl::string_view> {
  using type = ValueArgument<duckdb_string_t, DUCKDB_TYPE_VARCHAR>;
};
template <>
struct ArgumentFor<int64_t> {
  using type = ValueArgument<int64_t, DUCKDB_TYPE_BIGINT>;
};
template <>
struct ArgumentFor<double> {
  using type = ValueArgument<double, DUCKDB_TYPE_DOUBLE>;
};
template <typename T>
using Argument = typename ArgumentFor<T>::type;

template <typename Result, typename... Inputs>
struct Signature {
  // Calls `function(inputs..., Result*)` for the rows in which no input is NULL.
  template <typename RowFunction>
  static void CallForRows(const RowFunction& function, duckdb_data_chunk input,
                          duckdb_vector output) {
    CallForRows(function, input, output, std::index_sequence_for<Inputs...>());
  }

  static void AddArguments(duckdb_scalar_function function) {
    for (const duckdb_type type : {Argument<Inputs>::kType...}) {
      duckdb_logical_type logical = duckdb_create_logical_type(type);
      duckdb_scalar_function_add_parameter(function, logical);
      duckdb_destroy_logical_type(&logical);
    }
    duckdb_logical_type logical = duckdb_create_logical_type(Result::kType);
    duckdb_scalar_function_set_return_type(function, logical);
    duckdb_destroy_logical_type(&logical);
  }

 private:
  template <typename RowFunction, size_t... kIndices>
  static void CallForRows(const RowFunction& function, duckdb_data_chunk input,
                          duckdb_vector output, std::index_sequence<kIndices...>) {
    const std::tuple arguments{Argument<Inputs>(duckdb_data_chunk_get_vector(input, kIndices))...};
    Result result(output);
    const idx_t rows = duckdb_data_chunk_get_size(input);
    for (idx_t row = 0; row < rows; ++row) {
      result.MoveTo(row);
      if ((std::get<kIndices>(arguments).IsNull(row) || ...)) {
        result.SetNull();
      } else {
        function(std::get<kIndices>(arguments).Get(row)..., &result);
      }
    }
  }
};

// The Signature of a function for rows: its arguments, and where the result goes as the last one.
template <typename Arguments, typename Indices>
struct SignatureOfTuple;
template <typename Arguments, size_t... kIndices>
struct SignatureOfTuple<Arguments, std::index_sequence<kIndices...>> {
  using Last = std::tuple_element_t<sizeof...(kIndices), Arguments>;
  using type = Signature<std::remove_pointer_t<Last>, std::tuple_element_t<kIndices, Arguments>...>;
};
template <typename RowFunction>
struct SignatureOf;
template <typename... Arguments>
struct SignatureOf<void (*)(Arguments...)> {
  using type = typename SignatureOfTuple<std::tuple<Arguments...>,
                                         std::make_index_sequence<sizeof...(Arguments) - 1>>::type;
};

// All functions of one name.
class FunctionSet {
 public:
  // `name`: a literal.
  explicit FunctionSet(const char* name)
      : name_(name), set_(duckdb_create_scalar_function_set(name)) {}
  ~FunctionSet() { duckdb_destroy_scalar_function_set(&set_); }
  FunctionSet(const FunctionSet&) = delete;
  FunctionSet& operator=(const FunctionSet&) = delete;

  // A function of SQL with the arguments of `row_function`. Any thread calls it.
  template <auto row_function>
  FunctionSet& Add() {
    using Rows = typename SignatureOf<decltype(row_function)>::type;
    return AddForChunks<Rows>(
        [](duckdb_function_info, duckdb_data_chunk input, duckdb_vector output) {
          Rows::CallForRows(row_function, input, output);
        });
  }
  template <typename Rows>
  FunctionSet& AddForChunks(duckdb_scalar_function_t function_for_chunks) {
    duckdb_scalar_function function = duckdb_create_scalar_function();
    duckdb_scalar_function_set_name(function, name_);
    Rows::AddArguments(function);
    duckdb_scalar_function_set_function(function, function_for_chunks);
    added_ = duckdb_add_scalar_function_to_set(set_, function) == DuckDBSuccess && added_;
    duckdb_destroy_scalar_function(&function);
    return *this;
  }

  absl::Status Register(duckdb_connection connection) {
    if (added_ && duckdb_register_scalar_function_set(connection, set_) == DuckDBSuccess) {
      return absl::OkStatus();
    }
    return absl::InternalError(absl::StrCat("DuckDB did not take the function ", name_));
  }

 private:
  const char* name_;
  duckdb_scalar_function_set set_;
  bool added_ = true;
};

}  // namespace dns_monitor
