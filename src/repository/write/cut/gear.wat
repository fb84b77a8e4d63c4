;; Where a gear hash cuts (docs/FORMAT.md, 9). The memory holds the table of 256 numbers, then bytes that callers write there.
(module
  (memory (export "memory") 5)

  ;; The hash behind the last byte that was looked at: to go on with, where bytes come in parts.
  (global $hash (export "hash") (mut i32) (i32.const 0))

  ;; The position behind the first byte, from `at` on, after which the bits of the mask are all zero; 0 if there is none before `end`.
  (func (export "find") (param $at i32) (param $end i32) (param $mask i32) (result i32)
    (local $sum i32)
    (local.set $sum (global.get $hash))
    (block $nowhere
      (br_if $nowhere (i32.ge_u (local.get $at) (local.get $end)))
      (loop $next
        (local.set $sum (i32.add
          (i32.shl (local.get $sum) (i32.const 1))
          (i32.load (i32.shl (i32.load8_u (local.get $at)) (i32.const 2)))))
        (local.set $at (i32.add (local.get $at) (i32.const 1)))
        (if (i32.eqz (i32.and (local.get $sum) (local.get $mask)))
          (then (global.set $hash (local.get $sum)) (return (local.get $at))))
        (br_if $next (i32.lt_u (local.get $at) (local.get $end)))))
    (global.set $hash (local.get $sum))
    (i32.const 0)))
