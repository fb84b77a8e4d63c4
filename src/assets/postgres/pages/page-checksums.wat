;; The checksum of PostgreSQL's pages (src/include/storage/checksum_impl.h: FNV-1a in 32 lanes), eight vectors of four lanes.
;; The memory holds whole pages from its start on; callers write there themselves.
(module
  (memory (export "memory") 9)

  ;; The position of the first page, from `from` on, that is not as the server wrote it; `pages` if there is none.
  (func (export "firstBad") (param $from i32) (param $pages i32) (param $firstBlock i32) (result i32)
    (loop $next
      (if (i32.ge_u (local.get $from) (local.get $pages)) (then (return (local.get $pages))))
      (if (i32.eqz (call $isGood (i32.shl (local.get $from) (i32.const 13))
                                 (i32.add (local.get $firstBlock) (local.get $from))))
        (then (return (local.get $from))))
      (local.set $from (i32.add (local.get $from) (i32.const 1)))
      (br $next))
    (unreachable))

  ;; A page that was never used is all zeros; the server knows it by the end of its free space (offset 14), which is zero.
  (func $isGood (param $page i32) (param $block i32) (result i32)
    (local $stored i32) (local $sum i32)
    (if (i32.eqz (i32.load16_u offset=14 (local.get $page)))
      (then (return (call $isEmpty (local.get $page)))))
    (local.set $stored (i32.load16_u offset=8 (local.get $page)))
    ;; The checksum covers its own field as zero.
    (i32.store16 offset=8 (local.get $page) (i32.const 0))
    (local.set $sum (call $sumOf (local.get $page)))
    (i32.store16 offset=8 (local.get $page) (local.get $stored))
    (i32.eq (local.get $stored)
      (i32.add (i32.rem_u (i32.xor (local.get $sum) (local.get $block)) (i32.const 65535)) (i32.const 1))))

  (func $isEmpty (param $page i32) (result i32)
    (local $end i32)
    (local.set $end (i32.add (local.get $page) (i32.const 8192)))
    (loop $next
      (if (v128.any_true (v128.load (local.get $page))) (then (return (i32.const 0))))
      (local.set $page (i32.add (local.get $page) (i32.const 16)))
      (br_if $next (i32.lt_u (local.get $page) (local.get $end))))
    (i32.const 1))

  (func $mix (param $sum v128) (param $value v128) (result v128)
    (local $mixed v128)
    (local.set $mixed (v128.xor (local.get $sum) (local.get $value)))
    (v128.xor (i32x4.mul (local.get $mixed) (v128.const i32x4 16777619 16777619 16777619 16777619))
              (i32x4.shr_u (local.get $mixed) (i32.const 17))))

  (func $sumOf (param $page i32) (result i32)
    (local $end i32)
    (local $a v128) (local $b v128) (local $c v128) (local $d v128)
    (local $e v128) (local $f v128) (local $g v128) (local $h v128)
    (local.set $a (v128.const i32x4 0x5B1F36E9 0xB8525960 0x02AB50AA 0x1DE66D2A))
    (local.set $b (v128.const i32x4 0x79FF467A 0x9BB9F8A3 0x217E7CD2 0x83E13D2C))
    (local.set $c (v128.const i32x4 0xF8D4474F 0xE39EB970 0x42C6AE16 0x993216FA))
    (local.set $d (v128.const i32x4 0x7B093B5D 0x98DAFF3C 0xF718902A 0x0B1C9CDB))
    (local.set $e (v128.const i32x4 0xE58F764B 0x187636BC 0x5D7B3BB1 0xE73DE7DE))
    (local.set $f (v128.const i32x4 0x92BEC979 0xCCA6C0B2 0x304A0979 0x85AA43D4))
    (local.set $g (v128.const i32x4 0x783125BB 0x6CA8EAA2 0xE407EAC6 0x4B5CFC3E))
    (local.set $h (v128.const i32x4 0x9FBF8C76 0x15CA20BE 0xF2CA9FD3 0x959BD756))
    (local.set $end (i32.add (local.get $page) (i32.const 8192)))
    (loop $row
      (local.set $a (call $mix (local.get $a) (v128.load (local.get $page))))
      (local.set $b (call $mix (local.get $b) (v128.load offset=16 (local.get $page))))
      (local.set $c (call $mix (local.get $c) (v128.load offset=32 (local.get $page))))
      (local.set $d (call $mix (local.get $d) (v128.load offset=48 (local.get $page))))
      (local.set $e (call $mix (local.get $e) (v128.load offset=64 (local.get $page))))
      (local.set $f (call $mix (local.get $f) (v128.load offset=80 (local.get $page))))
      (local.set $g (call $mix (local.get $g) (v128.load offset=96 (local.get $page))))
      (local.set $h (call $mix (local.get $h) (v128.load offset=112 (local.get $page))))
      (local.set $page (i32.add (local.get $page) (i32.const 128)))
      (br_if $row (i32.lt_u (local.get $page) (local.get $end))))
    (local.set $a (v128.xor
      (v128.xor (v128.xor (call $last (local.get $a)) (call $last (local.get $b)))
                (v128.xor (call $last (local.get $c)) (call $last (local.get $d))))
      (v128.xor (v128.xor (call $last (local.get $e)) (call $last (local.get $f)))
                (v128.xor (call $last (local.get $g)) (call $last (local.get $h))))))
    (i32.xor (i32.xor (i32x4.extract_lane 0 (local.get $a)) (i32x4.extract_lane 1 (local.get $a)))
             (i32.xor (i32x4.extract_lane 2 (local.get $a)) (i32x4.extract_lane 3 (local.get $a)))))

  ;; Two rounds of zeros mix the last values in.
  (func $last (param $sum v128) (result v128)
    (call $mix (call $mix (local.get $sum) (v128.const i32x4 0 0 0 0)) (v128.const i32x4 0 0 0 0))))
