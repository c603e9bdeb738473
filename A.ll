; ModuleID = 'A'
source_filename = "<string>"
target datalayout = "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-i128:128-f80:128-n8:16:32:64-S128"
target triple = "x86_64-unknown-linux-gnu"

@.const.A = internal constant [2 x i8] c"A\00"
@_ZN08NumbaEnv8__main__1AB2v2B38c8tJTIeFIjxB2IKSgI4CrvQClQZ6FczSBAA_3dE5ArrayIyLi1E1C7mutable7alignedE5ArrayIyLi1E1C7mutable7alignedE23Literal_5bint_5d_284_29 = common local_unnamed_addr global ptr null
@".const.missing Environment: _ZN08NumbaEnv8__main__1AB2v2B38c8tJTIeFIjxB2IKSgI4CrvQClQZ6FczSBAA_3dE5ArrayIyLi1E1C7mutable7alignedE5ArrayIyLi1E1C7mutable7alignedE23Literal_5bint_5d_284_29" = internal constant [179 x i8] c"missing Environment: _ZN08NumbaEnv8__main__1AB2v2B38c8tJTIeFIjxB2IKSgI4CrvQClQZ6FczSBAA_3dE5ArrayIyLi1E1C7mutable7alignedE5ArrayIyLi1E1C7mutable7alignedE23Literal_5bint_5d_284_29\00"
@".const.can't unbox array from PyObject into native value.  The object maybe of a different type" = internal constant [89 x i8] c"can't unbox array from PyObject into native value.  The object maybe of a different type\00"
@".const.Error creating Python tuple from runtime exception arguments" = internal constant [61 x i8] c"Error creating Python tuple from runtime exception arguments\00"
@".const.unknown error when calling native function" = internal constant [43 x i8] c"unknown error when calling native function\00"
@".const.Error creating Python tuple from runtime exception arguments.1" = internal constant [61 x i8] c"Error creating Python tuple from runtime exception arguments\00"
@".const.unknown error when calling native function.2" = internal constant [43 x i8] c"unknown error when calling native function\00"
@".const.<numba.core.cpu.CPUContext>" = internal constant [28 x i8] c"<numba.core.cpu.CPUContext>\00"
@_ZN08NumbaEnv6onelot6tailor9offtarget8counting8within21B2v3B56c8tJTIeFIjxB2IKSgI4CrvQCk0Z4yRYcWsBAK4JJIqUWsIgmAA_3d_3dE5ArrayIyLi1E1C7mutable7alignedE5ArrayIyLi1E1C7mutable7alignedEyyyy = common local_unnamed_addr global ptr null
@PyExc_TypeError = external global i8
@_ZN08NumbaEnv6onelot6tailor9offtarget8counting5_sum7B2v4B56c8tJTIeFIjxB2IKSgI4CrvQCk0Z4yRYcWsBAK4JJIqUWsIgmAA_3d_3dEyyyyyyy = common local_unnamed_addr global ptr null
@PyExc_StopIteration = external global i8
@PyExc_SystemError = external global i8
@_ZN08NumbaEnv6onelot6tailor9offtarget8counting5_sum3B2v5B56c8tJTIeFIjxB2IKSgI4CrvQCk0Z4yRYcWsBAK4JJIqUWsIgmAA_3d_3dEyyy = common local_unnamed_addr global ptr null
@_ZN08NumbaEnv6onelot6tailor9offtarget8counting7_withinB2v6B56c8tJTIeFIjxB2IKSgI4CrvQCk0Z4yRYcWsBAK4JJIqUWsIgmAA_3d_3dEyyyyyyyy = common local_unnamed_addr global ptr null
@PyExc_RuntimeError = external global i8

define noundef range(i32 -1, -2) i32 @_ZN8__main__1AB2v2B38c8tJTIeFIjxB2IKSgI4CrvQClQZ6FczSBAA_3dE5ArrayIyLi1E1C7mutable7alignedE5ArrayIyLi1E1C7mutable7alignedE23Literal_5bint_5d_284_29(ptr noalias writeonly captures(none) %retptr, ptr noalias writeonly captures(none) %excinfo, ptr %arg.planes.0, ptr readnone captures(none) %arg.planes.1, i64 %arg.planes.2, i64 %arg.planes.3, ptr readonly captures(none) %arg.planes.4, i64 %arg.planes.5.0, i64 %arg.planes.6.0, ptr %arg.at.0, ptr readnone captures(none) %arg.at.1, i64 %arg.at.2, i64 %arg.at.3, ptr readonly captures(none) %arg.at.4, i64 %arg.at.5.0, i64 %arg.at.6.0, i64 %arg.limit) local_unnamed_addr {
B206.endif.endif:
  %.227 = alloca i64, align 8
  %excinfo.1 = alloca ptr, align 8
  tail call void @NRT_incref(ptr %arg.planes.0)
  tail call void @NRT_incref(ptr %arg.at.0)
  br label %B290

B290:                                             ; preds = %B206.endif.endif, %B290.endif
  %f.2.093 = phi i64 [ 0, %B206.endif.endif ], [ %.256, %B290.endif ]
  %.1898991 = phi i64 [ 0, %B206.endif.endif ], [ %.196, %B290.endif ]
  %.235 = call i32 @_ZN6onelot6tailor9offtarget8counting8within21B2v3B56c8tJTIeFIjxB2IKSgI4CrvQCk0Z4yRYcWsBAK4JJIqUWsIgmAA_3d_3dE5ArrayIyLi1E1C7mutable7alignedE5ArrayIyLi1E1C7mutable7alignedEyyyy(ptr nonnull %.227, ptr nonnull %excinfo.1, ptr %arg.planes.0, ptr %arg.planes.1, i64 %arg.planes.2, i64 %arg.planes.3, ptr %arg.planes.4, i64 %arg.planes.5.0, i64 %arg.planes.6.0, ptr %arg.at.0, ptr %arg.at.1, i64 %arg.at.2, i64 %arg.at.3, ptr %arg.at.4, i64 %arg.at.5.0, i64 %arg.at.6.0, i64 %.1898991, i64 0, i64 0, i64 -1)
  %cond = icmp eq i32 %.235, 0
  br i1 %cond, label %B290.endif, label %B290.if.if, !prof !0

common.ret:                                       ; preds = %B290.if.if, %B376
  ret i32 %.235

B376:                                             ; preds = %B290.endif
  tail call void @NRT_decref(ptr %arg.planes.0)
  tail call void @NRT_decref(ptr %arg.at.0)
  store i64 %.256, ptr %retptr, align 8
  br label %common.ret

B290.endif:                                       ; preds = %B290
  %.196 = add nuw nsw i64 %.1898991, 1
  %.245 = load i64, ptr %.227, align 8
  %.256 = or i64 %.245, %f.2.093
  %exitcond.not = icmp eq i64 %.196, 64
  br i1 %exitcond.not, label %B376, label %B290

B290.if.if:                                       ; preds = %B290
  store ptr null, ptr %excinfo, align 8
  br label %common.ret
}

define ptr @_ZN7cpython8__main__1AB2v2B38c8tJTIeFIjxB2IKSgI4CrvQClQZ6FczSBAA_3dE5ArrayIyLi1E1C7mutable7alignedE5ArrayIyLi1E1C7mutable7alignedE23Literal_5bint_5d_284_29(ptr readnone captures(none) %py_closure, ptr %py_args, ptr readnone captures(none) %py_kws) local_unnamed_addr {
entry:
  %.5 = alloca ptr, align 8
  %.6 = alloca ptr, align 8
  %.7 = alloca ptr, align 8
  %.8 = call i32 (ptr, ptr, i64, i64, ...) @PyArg_UnpackTuple(ptr %py_args, ptr nonnull @.const.A, i64 3, i64 3, ptr nonnull %.5, ptr nonnull %.6, ptr nonnull %.7)
  %.9 = icmp eq i32 %.8, 0
  %.21 = alloca { ptr, ptr, i64, i64, ptr, [1 x i64], [1 x i64] }, align 8
  %.44 = alloca { ptr, ptr, i64, i64, ptr, [1 x i64], [1 x i64] }, align 8
  %.82 = alloca i64, align 8
  %excinfo = alloca ptr, align 8
  store ptr null, ptr %excinfo, align 8
  br i1 %.9, label %common.ret, label %entry.endif, !prof !1

common.ret:                                       ; preds = %entry.endif.endif.endif.thread, %entry.endif.endif.endif.e...endif.endif, %entry.endif.endif.endif.e...endif.endif.if, %entry.endif.endif.endif.e...endif.endif.endif.endif, %entry.endif.endif.endif.e...endif.if.endif.if, %entry.endif.endif.endif.e...endif.if.endif, %arg0.err, %entry, %entry.endif.endif.endif.e...endif.if.if.if, %entry.endif.endif.endif.e...if.endif, %entry.endif.if
  %common.ret.op = phi ptr [ null, %entry.endif.endif.endif.e...endif.if.if.if ], [ null, %entry ], [ null, %entry.endif.if ], [ null, %entry.endif.endif.endif.e...endif.endif.if ], [ %.113, %entry.endif.endif.endif.e...if.endif ], [ null, %arg0.err ], [ null, %entry.endif.endif.endif.thread ], [ null, %entry.endif.endif.endif.e...endif.endif ], [ null, %entry.endif.endif.endif.e...endif.if.endif ], [ null, %entry.endif.endif.endif.e...endif.if.endif.if ], [ null, %entry.endif.endif.endif.e...endif.endif.endif.endif ]
  ret ptr %common.ret.op

entry.endif:                                      ; preds = %entry
  %.13 = load ptr, ptr @_ZN08NumbaEnv8__main__1AB2v2B38c8tJTIeFIjxB2IKSgI4CrvQClQZ6FczSBAA_3dE5ArrayIyLi1E1C7mutable7alignedE5ArrayIyLi1E1C7mutable7alignedE23Literal_5bint_5d_284_29, align 8
  %.16 = icmp eq ptr %.13, null
  br i1 %.16, label %entry.endif.if, label %entry.endif.endif, !prof !1

entry.endif.if:                                   ; preds = %entry.endif
  call void @PyErr_SetString(ptr nonnull @PyExc_RuntimeError, ptr nonnull @".const.missing Environment: _ZN08NumbaEnv8__main__1AB2v2B38c8tJTIeFIjxB2IKSgI4CrvQClQZ6FczSBAA_3dE5ArrayIyLi1E1C7mutable7alignedE5ArrayIyLi1E1C7mutable7alignedE23Literal_5bint_5d_284_29")
  br label %common.ret

entry.endif.endif:                                ; preds = %entry.endif
  %.20 = load ptr, ptr %.5, align 8
  call void @llvm.memset.p0.i64(ptr noundef nonnull align 8 dereferenceable(56) %.21, i8 0, i64 56, i1 false)
  %.25 = call i32 @NRT_adapt_ndarray_from_python(ptr %.20, ptr nonnull %.21)
  %sunkaddr = getelementptr inbounds i8, ptr %.21, i64 24
  %.29 = load i64, ptr %sunkaddr, align 8
  %.30 = icmp ne i64 %.29, 8
  %.31 = icmp ne i32 %.25, 0
  %.32 = or i1 %.31, %.30
  br i1 %.32, label %entry.endif.endif.endif.thread, label %entry.endif.endif.endif.endif, !prof !1

entry.endif.endif.endif.thread:                   ; preds = %entry.endif.endif
  call void @PyErr_SetString(ptr nonnull @PyExc_TypeError, ptr nonnull @".const.can't unbox array from PyObject into native value.  The object maybe of a different type")
  br label %common.ret

entry.endif.endif.endif.endif:                    ; preds = %entry.endif.endif
  %.36.fca.0.load = load ptr, ptr %.21, align 8
  %sunkaddr1 = getelementptr inbounds i8, ptr %.21, i64 8
  %.36.fca.1.load = load ptr, ptr %sunkaddr1, align 8
  %sunkaddr2 = getelementptr inbounds i8, ptr %.21, i64 16
  %.36.fca.2.load = load i64, ptr %sunkaddr2, align 8
  %sunkaddr3 = getelementptr inbounds i8, ptr %.21, i64 32
  %.36.fca.4.load = load ptr, ptr %sunkaddr3, align 8
  %sunkaddr4 = getelementptr inbounds i8, ptr %.21, i64 40
  %.36.fca.5.0.load = load i64, ptr %sunkaddr4, align 8
  %sunkaddr5 = getelementptr inbounds i8, ptr %.21, i64 48
  %.36.fca.6.0.load = load i64, ptr %sunkaddr5, align 8
  %.43 = load ptr, ptr %.6, align 8
  call void @llvm.memset.p0.i64(ptr noundef nonnull align 8 dereferenceable(56) %.44, i8 0, i64 56, i1 false)
  %.48 = call i32 @NRT_adapt_ndarray_from_python(ptr %.43, ptr nonnull %.44)
  %sunkaddr6 = getelementptr inbounds i8, ptr %.44, i64 24
  %.52 = load i64, ptr %sunkaddr6, align 8
  %.53 = icmp ne i64 %.52, 8
  %.54 = icmp ne i32 %.48, 0
  %.55 = or i1 %.54, %.53
  br i1 %.55, label %entry.endif.endif.endif.endif.endif.thread, label %entry.endif.endif.endif.endif.endif.endif, !prof !1

arg0.err:                                         ; preds = %entry.endif.endif.endif.endif.endif.thread, %arg1.err
  call void @NRT_decref(ptr %.36.fca.0.load)
  br label %common.ret

entry.endif.endif.endif.endif.endif.thread:       ; preds = %entry.endif.endif.endif.endif
  call void @PyErr_SetString(ptr nonnull @PyExc_TypeError, ptr nonnull @".const.can't unbox array from PyObject into native value.  The object maybe of a different type")
  br label %arg0.err

entry.endif.endif.endif.endif.endif.endif:        ; preds = %entry.endif.endif.endif.endif
  %.59.fca.0.load = load ptr, ptr %.44, align 8
  %sunkaddr7 = getelementptr inbounds i8, ptr %.44, i64 8
  %.59.fca.1.load = load ptr, ptr %sunkaddr7, align 8
  %sunkaddr8 = getelementptr inbounds i8, ptr %.44, i64 16
  %.59.fca.2.load = load i64, ptr %sunkaddr8, align 8
  %sunkaddr9 = getelementptr inbounds i8, ptr %.44, i64 32
  %.59.fca.4.load = load ptr, ptr %sunkaddr9, align 8
  %sunkaddr10 = getelementptr inbounds i8, ptr %.44, i64 40
  %.59.fca.5.0.load = load i64, ptr %sunkaddr10, align 8
  %sunkaddr11 = getelementptr inbounds i8, ptr %.44, i64 48
  %.59.fca.6.0.load = load i64, ptr %sunkaddr11, align 8
  %.66 = load ptr, ptr %.7, align 8
  %.69 = call ptr @PyNumber_Long(ptr %.66)
  %.70.not = icmp eq ptr %.69, null
  br i1 %.70.not, label %entry.endif.endif.endif.endif.endif.endif.endif, label %entry.endif.endif.endif.endif.endif.endif.if, !prof !1

arg1.err:                                         ; preds = %entry.endif.endif.endif.endif.endif.endif.endif
  call void @NRT_decref(ptr %.59.fca.0.load)
  br label %arg0.err

entry.endif.endif.endif.endif.endif.endif.if:     ; preds = %entry.endif.endif.endif.endif.endif.endif
  %.72 = call i64 @PyLong_AsLongLong(ptr nonnull %.69)
  call void @Py_DecRef(ptr nonnull %.69)
  br label %entry.endif.endif.endif.endif.endif.endif.endif

entry.endif.endif.endif.endif.endif.endif.endif:  ; preds = %entry.endif.endif.endif.endif.endif.endif.if, %entry.endif.endif.endif.endif.endif.endif
  %.77 = call ptr @PyErr_Occurred()
  %.78.not = icmp eq ptr %.77, null
  br i1 %.78.not, label %entry.endif.endif.endif.endif.endif.endif.endif.endif, label %arg1.err, !prof !2

entry.endif.endif.endif.endif.endif.endif.endif.endif: ; preds = %entry.endif.endif.endif.endif.endif.endif.endif
  store i64 0, ptr %.82, align 8
  %.90 = call i32 @_ZN8__main__1AB2v2B38c8tJTIeFIjxB2IKSgI4CrvQClQZ6FczSBAA_3dE5ArrayIyLi1E1C7mutable7alignedE5ArrayIyLi1E1C7mutable7alignedE23Literal_5bint_5d_284_29(ptr nonnull %.82, ptr nonnull %excinfo, ptr %.36.fca.0.load, ptr %.36.fca.1.load, i64 %.36.fca.2.load, i64 8, ptr %.36.fca.4.load, i64 %.36.fca.5.0.load, i64 %.36.fca.6.0.load, ptr %.59.fca.0.load, ptr %.59.fca.1.load, i64 %.59.fca.2.load, i64 8, ptr %.59.fca.4.load, i64 %.59.fca.5.0.load, i64 %.59.fca.6.0.load, i64 poison) #2
  %.91 = load ptr, ptr %excinfo, align 8
  %.100 = load i64, ptr %.82, align 8
  call void @NRT_decref(ptr %.36.fca.0.load)
  call void @NRT_decref(ptr %.59.fca.0.load)
  %cond = icmp eq i32 %.90, 0
  br i1 %cond, label %entry.endif.endif.endif.e...if.endif, label %entry.endif.endif.endif.e...endif, !prof !0

entry.endif.endif.endif.e...endif:                ; preds = %entry.endif.endif.endif.endif.endif.endif.endif.endif
  %.98 = icmp sgt i32 %.90, 0
  br i1 %.98, label %entry.endif.endif.endif.e...endif.if, label %entry.endif.endif.endif.e...endif.endif

entry.endif.endif.endif.e...if.endif:             ; preds = %entry.endif.endif.endif.endif.endif.endif.endif.endif
  %.113 = call ptr @PyLong_FromUnsignedLongLong(i64 %.100)
  br label %common.ret

entry.endif.endif.endif.e...endif.if:             ; preds = %entry.endif.endif.endif.e...endif
  call void @PyErr_Clear()
  %.120 = load { ptr, i32, ptr, ptr, i32 }, ptr %.91, align 8
  %.121 = extractvalue { ptr, i32, ptr, ptr, i32 } %.120, 4
  %.122 = icmp sgt i32 %.121, 0
  %.125 = extractvalue { ptr, i32, ptr, ptr, i32 } %.120, 0
  %.127 = extractvalue { ptr, i32, ptr, ptr, i32 } %.120, 1
  br i1 %.122, label %entry.endif.endif.endif.e...endif.if.if, label %entry.endif.endif.endif.e...endif.if.else

entry.endif.endif.endif.e...endif.endif:          ; preds = %entry.endif.endif.endif.e...endif
  switch i32 %.90, label %entry.endif.endif.endif.e...endif.endif.endif.endif [
    i32 -3, label %entry.endif.endif.endif.e...endif.endif.if
    i32 -1, label %common.ret
  ]

entry.endif.endif.endif.e...endif.if.if:          ; preds = %entry.endif.endif.endif.e...endif.if
  %.128 = sext i32 %.127 to i64
  %.129 = call ptr @PyBytes_FromStringAndSize(ptr %.125, i64 %.128)
  %.130 = load { ptr, i32, ptr, ptr, i32 }, ptr %.91, align 8
  %.131 = extractvalue { ptr, i32, ptr, ptr, i32 } %.130, 2
  %.133 = extractvalue { ptr, i32, ptr, ptr, i32 } %.130, 3
  %.135 = call ptr %.133(ptr %.131)
  %.136 = icmp eq ptr %.135, null
  br i1 %.136, label %entry.endif.endif.endif.e...endif.if.if.if, label %entry.endif.endif.endif.e...endif.if.if.endif, !prof !1

entry.endif.endif.endif.e...endif.if.else:        ; preds = %entry.endif.endif.endif.e...endif.if
  %.149 = extractvalue { ptr, i32, ptr, ptr, i32 } %.120, 2
  %.150 = call ptr @numba_unpickle(ptr %.125, i32 %.127, ptr %.149)
  br label %entry.endif.endif.endif.e...endif.if.endif

entry.endif.endif.endif.e...endif.if.endif:       ; preds = %entry.endif.endif.endif.e...endif.if.if.endif, %entry.endif.endif.endif.e...endif.if.else
  %.152 = phi ptr [ %.140, %entry.endif.endif.endif.e...endif.if.if.endif ], [ %.150, %entry.endif.endif.endif.e...endif.if.else ]
  %.153.not = icmp eq ptr %.152, null
  br i1 %.153.not, label %common.ret, label %entry.endif.endif.endif.e...endif.if.endif.if, !prof !1

entry.endif.endif.endif.e...endif.if.if.if:       ; preds = %entry.endif.endif.endif.e...endif.if.if
  call void @PyErr_SetString(ptr nonnull @PyExc_RuntimeError, ptr nonnull @".const.Error creating Python tuple from runtime exception arguments")
  br label %common.ret

entry.endif.endif.endif.e...endif.if.if.endif:    ; preds = %entry.endif.endif.endif.e...endif.if.if
  %.140 = call ptr @numba_runtime_build_excinfo_struct(ptr %.129, ptr nonnull %.135)
  call void @NRT_Free(ptr nonnull %.91)
  br label %entry.endif.endif.endif.e...endif.if.endif

entry.endif.endif.endif.e...endif.if.endif.if:    ; preds = %entry.endif.endif.endif.e...endif.if.endif
  call void @numba_do_raise(ptr nonnull %.152)
  br label %common.ret

entry.endif.endif.endif.e...endif.endif.if:       ; preds = %entry.endif.endif.endif.e...endif.endif
  call void @PyErr_SetNone(ptr nonnull @PyExc_StopIteration)
  br label %common.ret

entry.endif.endif.endif.e...endif.endif.endif.endif: ; preds = %entry.endif.endif.endif.e...endif.endif
  call void @PyErr_SetString(ptr nonnull @PyExc_SystemError, ptr nonnull @".const.unknown error when calling native function")
  br label %common.ret
}

declare i32 @PyArg_UnpackTuple(ptr, ptr, i64, i64, ...) local_unnamed_addr

declare void @PyErr_SetString(ptr, ptr) local_unnamed_addr

; Function Attrs: mustprogress nocallback nofree nounwind willreturn memory(argmem: write)
declare void @llvm.memset.p0.i64(ptr writeonly captures(none), i8, i64, i1 immarg) #0

declare i32 @NRT_adapt_ndarray_from_python(ptr captures(none), ptr captures(none)) local_unnamed_addr

declare ptr @PyNumber_Long(ptr) local_unnamed_addr

declare i64 @PyLong_AsLongLong(ptr) local_unnamed_addr

declare void @Py_DecRef(ptr) local_unnamed_addr

declare ptr @PyErr_Occurred() local_unnamed_addr

declare ptr @PyLong_FromUnsignedLongLong(i64) local_unnamed_addr

declare void @PyErr_Clear() local_unnamed_addr

declare ptr @PyBytes_FromStringAndSize(ptr, i64) local_unnamed_addr

declare ptr @numba_unpickle(ptr, i32, ptr) local_unnamed_addr

declare ptr @numba_runtime_build_excinfo_struct(ptr, ptr) local_unnamed_addr

declare void @NRT_Free(ptr) local_unnamed_addr

declare void @numba_do_raise(ptr) local_unnamed_addr

declare void @PyErr_SetNone(ptr) local_unnamed_addr

define i64 @cfunc._ZN8__main__1AB2v2B38c8tJTIeFIjxB2IKSgI4CrvQClQZ6FczSBAA_3dE5ArrayIyLi1E1C7mutable7alignedE5ArrayIyLi1E1C7mutable7alignedE23Literal_5bint_5d_284_29({ ptr, ptr, i64, i64, ptr, [1 x i64], [1 x i64] } %.1, { ptr, ptr, i64, i64, ptr, [1 x i64], [1 x i64] } %.2, i64 %.3) local_unnamed_addr {
entry:
  %.5 = alloca i64, align 8
  store i64 0, ptr %.5, align 8
  %excinfo = alloca ptr, align 8
  store ptr null, ptr %excinfo, align 8
  %extracted.meminfo = extractvalue { ptr, ptr, i64, i64, ptr, [1 x i64], [1 x i64] } %.1, 0
  %extracted.parent = extractvalue { ptr, ptr, i64, i64, ptr, [1 x i64], [1 x i64] } %.1, 1
  %extracted.nitems = extractvalue { ptr, ptr, i64, i64, ptr, [1 x i64], [1 x i64] } %.1, 2
  %extracted.itemsize = extractvalue { ptr, ptr, i64, i64, ptr, [1 x i64], [1 x i64] } %.1, 3
  %extracted.data = extractvalue { ptr, ptr, i64, i64, ptr, [1 x i64], [1 x i64] } %.1, 4
  %extracted.shape = extractvalue { ptr, ptr, i64, i64, ptr, [1 x i64], [1 x i64] } %.1, 5
  %.9 = extractvalue [1 x i64] %extracted.shape, 0
  %extracted.strides = extractvalue { ptr, ptr, i64, i64, ptr, [1 x i64], [1 x i64] } %.1, 6
  %.10 = extractvalue [1 x i64] %extracted.strides, 0
  %extracted.meminfo.1 = extractvalue { ptr, ptr, i64, i64, ptr, [1 x i64], [1 x i64] } %.2, 0
  %extracted.parent.1 = extractvalue { ptr, ptr, i64, i64, ptr, [1 x i64], [1 x i64] } %.2, 1
  %extracted.nitems.1 = extractvalue { ptr, ptr, i64, i64, ptr, [1 x i64], [1 x i64] } %.2, 2
  %extracted.itemsize.1 = extractvalue { ptr, ptr, i64, i64, ptr, [1 x i64], [1 x i64] } %.2, 3
  %extracted.data.1 = extractvalue { ptr, ptr, i64, i64, ptr, [1 x i64], [1 x i64] } %.2, 4
  %extracted.shape.1 = extractvalue { ptr, ptr, i64, i64, ptr, [1 x i64], [1 x i64] } %.2, 5
  %.11 = extractvalue [1 x i64] %extracted.shape.1, 0
  %extracted.strides.1 = extractvalue { ptr, ptr, i64, i64, ptr, [1 x i64], [1 x i64] } %.2, 6
  %.12 = extractvalue [1 x i64] %extracted.strides.1, 0
  %.13 = call i32 @_ZN8__main__1AB2v2B38c8tJTIeFIjxB2IKSgI4CrvQClQZ6FczSBAA_3dE5ArrayIyLi1E1C7mutable7alignedE5ArrayIyLi1E1C7mutable7alignedE23Literal_5bint_5d_284_29(ptr nonnull %.5, ptr nonnull %excinfo, ptr %extracted.meminfo, ptr %extracted.parent, i64 %extracted.nitems, i64 %extracted.itemsize, ptr %extracted.data, i64 %.9, i64 %.10, ptr %extracted.meminfo.1, ptr %extracted.parent.1, i64 %extracted.nitems.1, i64 %extracted.itemsize.1, ptr %extracted.data.1, i64 %.11, i64 %.12, i64 poison) #2
  %.14 = load ptr, ptr %excinfo, align 8
  %.23 = load i64, ptr %.5, align 8
  %.25 = alloca i32, align 4
  store i32 0, ptr %.25, align 4
  %cond = icmp eq i32 %.13, 0
  br i1 %cond, label %common.ret, label %entry.if, !prof !0

entry.if:                                         ; preds = %entry
  %.21 = icmp sgt i32 %.13, 0
  call void @numba_gil_ensure(ptr nonnull %.25)
  br i1 %.21, label %entry.if.if, label %entry.if.endif

common.ret:                                       ; preds = %entry, %.28, %entry.if.if.if.if
  %common.ret.op = phi i64 [ 0, %entry.if.if.if.if ], [ %.23, %.28 ], [ %.23, %entry ]
  ret i64 %common.ret.op

.28:                                              ; preds = %entry.if.endif, %entry.if.if.endif, %entry.if.if.endif.if, %entry.if.endif.endif.endif, %entry.if.endif.if
  %.76 = call ptr @PyUnicode_FromString(ptr nonnull @".const.<numba.core.cpu.CPUContext>")
  call void @PyErr_WriteUnraisable(ptr %.76)
  call void @Py_DecRef(ptr %.76)
  call void @numba_gil_release(ptr nonnull %.25)
  br label %common.ret

entry.if.if:                                      ; preds = %entry.if
  call void @PyErr_Clear()
  %.31 = load { ptr, i32, ptr, ptr, i32 }, ptr %.14, align 8
  %.32 = extractvalue { ptr, i32, ptr, ptr, i32 } %.31, 4
  %.33 = icmp sgt i32 %.32, 0
  %.36 = extractvalue { ptr, i32, ptr, ptr, i32 } %.31, 0
  %.38 = extractvalue { ptr, i32, ptr, ptr, i32 } %.31, 1
  br i1 %.33, label %entry.if.if.if, label %entry.if.if.else

entry.if.endif:                                   ; preds = %entry.if
  switch i32 %.13, label %entry.if.endif.endif.endif [
    i32 -3, label %entry.if.endif.if
    i32 -1, label %.28
  ]

entry.if.if.if:                                   ; preds = %entry.if.if
  %.39 = sext i32 %.38 to i64
  %.40 = call ptr @PyBytes_FromStringAndSize(ptr %.36, i64 %.39)
  %.41 = load { ptr, i32, ptr, ptr, i32 }, ptr %.14, align 8
  %.42 = extractvalue { ptr, i32, ptr, ptr, i32 } %.41, 2
  %.44 = extractvalue { ptr, i32, ptr, ptr, i32 } %.41, 3
  %.46 = call ptr %.44(ptr %.42)
  %.47 = icmp eq ptr %.46, null
  br i1 %.47, label %entry.if.if.if.if, label %entry.if.if.if.endif, !prof !1

entry.if.if.else:                                 ; preds = %entry.if.if
  %.60 = extractvalue { ptr, i32, ptr, ptr, i32 } %.31, 2
  %.61 = call ptr @numba_unpickle(ptr %.36, i32 %.38, ptr %.60)
  br label %entry.if.if.endif

entry.if.if.endif:                                ; preds = %entry.if.if.if.endif, %entry.if.if.else
  %.63 = phi ptr [ %.51, %entry.if.if.if.endif ], [ %.61, %entry.if.if.else ]
  %.64.not = icmp eq ptr %.63, null
  br i1 %.64.not, label %.28, label %entry.if.if.endif.if, !prof !1

entry.if.if.if.if:                                ; preds = %entry.if.if.if
  call void @PyErr_SetString(ptr nonnull @PyExc_RuntimeError, ptr nonnull @".const.Error creating Python tuple from runtime exception arguments.1")
  br label %common.ret

entry.if.if.if.endif:                             ; preds = %entry.if.if.if
  %.51 = call ptr @numba_runtime_build_excinfo_struct(ptr %.40, ptr nonnull %.46)
  call void @NRT_Free(ptr nonnull %.14)
  br label %entry.if.if.endif

entry.if.if.endif.if:                             ; preds = %entry.if.if.endif
  call void @numba_do_raise(ptr nonnull %.63)
  br label %.28

entry.if.endif.if:                                ; preds = %entry.if.endif
  call void @PyErr_SetNone(ptr nonnull @PyExc_StopIteration)
  br label %.28

entry.if.endif.endif.endif:                       ; preds = %entry.if.endif
  call void @PyErr_SetString(ptr nonnull @PyExc_SystemError, ptr nonnull @".const.unknown error when calling native function.2")
  br label %.28
}

declare void @numba_gil_ensure(ptr) local_unnamed_addr

declare ptr @PyUnicode_FromString(ptr) local_unnamed_addr

declare void @PyErr_WriteUnraisable(ptr) local_unnamed_addr

declare void @numba_gil_release(ptr) local_unnamed_addr

define linkonce_odr noundef range(i32 -1, -2) i32 @_ZN6onelot6tailor9offtarget8counting8within21B2v3B56c8tJTIeFIjxB2IKSgI4CrvQCk0Z4yRYcWsBAK4JJIqUWsIgmAA_3d_3dE5ArrayIyLi1E1C7mutable7alignedE5ArrayIyLi1E1C7mutable7alignedEyyyy(ptr noalias writeonly captures(none) initializes((0, 8)) %retptr, ptr noalias readnone captures(none) %excinfo, ptr %arg.planes.0, ptr readnone captures(none) %arg.planes.1, i64 %arg.planes.2, i64 %arg.planes.3, ptr readonly captures(none) %arg.planes.4, i64 %arg.planes.5.0, i64 %arg.planes.6.0, ptr %arg.at.0, ptr readnone captures(none) %arg.at.1, i64 %arg.at.2, i64 %arg.at.3, ptr readonly captures(none) %arg.at.4, i64 %arg.at.5.0, i64 %arg.at.6.0, i64 %arg.w, i64 %arg.l0, i64 %arg.l1, i64 %arg.l2) local_unnamed_addr {
common.ret:
  %.61 = load i64, ptr %arg.at.4, align 8
  %0 = getelementptr i64, ptr %arg.planes.4, i64 %.61
  %.87 = getelementptr i64, ptr %0, i64 %arg.w
  %.88 = load i64, ptr %.87, align 8
  %.116 = getelementptr i8, ptr %arg.at.4, i64 8
  %.117 = load i64, ptr %.116, align 8
  %1 = getelementptr i64, ptr %arg.planes.4, i64 %.117
  %.143 = getelementptr i64, ptr %1, i64 %arg.w
  %.144 = load i64, ptr %.143, align 8
  %.172 = getelementptr i8, ptr %arg.at.4, i64 16
  %.173 = load i64, ptr %.172, align 8
  %2 = getelementptr i64, ptr %arg.planes.4, i64 %.173
  %.199 = getelementptr i64, ptr %2, i64 %arg.w
  %.200 = load i64, ptr %.199, align 8
  %.228 = getelementptr i8, ptr %arg.at.4, i64 24
  %.229 = load i64, ptr %.228, align 8
  %3 = getelementptr i64, ptr %arg.planes.4, i64 %.229
  %.255 = getelementptr i64, ptr %3, i64 %arg.w
  %.256 = load i64, ptr %.255, align 8
  %.284 = getelementptr i8, ptr %arg.at.4, i64 32
  %.285 = load i64, ptr %.284, align 8
  %4 = getelementptr i64, ptr %arg.planes.4, i64 %.285
  %.311 = getelementptr i64, ptr %4, i64 %arg.w
  %.312 = load i64, ptr %.311, align 8
  %.340 = getelementptr i8, ptr %arg.at.4, i64 40
  %.341 = load i64, ptr %.340, align 8
  %5 = getelementptr i64, ptr %arg.planes.4, i64 %.341
  %.367 = getelementptr i64, ptr %5, i64 %arg.w
  %.368 = load i64, ptr %.367, align 8
  %.396 = getelementptr i8, ptr %arg.at.4, i64 48
  %.397 = load i64, ptr %.396, align 8
  %6 = getelementptr i64, ptr %arg.planes.4, i64 %.397
  %.423 = getelementptr i64, ptr %6, i64 %arg.w
  %.424 = load i64, ptr %.423, align 8
  %.7.i.i = xor i64 %.144, %.88
  %.8.i.i = xor i64 %.200, %.7.i.i
  %.9.i.i = and i64 %.144, %.88
  %.10.i.i = and i64 %.200, %.7.i.i
  %.11.i.i = or i64 %.10.i.i, %.9.i.i
  %.7.i1.i = xor i64 %.312, %.256
  %.8.i2.i = xor i64 %.368, %.7.i1.i
  %.9.i3.i = and i64 %.312, %.256
  %.10.i4.i = and i64 %.368, %.7.i1.i
  %.11.i5.i = or i64 %.10.i4.i, %.9.i3.i
  %.7.i7.i = xor i64 %.8.i2.i, %.8.i.i
  %.8.i8.i = xor i64 %.7.i7.i, %.424
  %.9.i9.i = and i64 %.8.i2.i, %.8.i.i
  %.10.i10.i = and i64 %.7.i7.i, %.424
  %.11.i11.i = or i64 %.10.i10.i, %.9.i9.i
  %.7.i13.i = xor i64 %.11.i5.i, %.11.i.i
  %.8.i14.i = xor i64 %.11.i11.i, %.7.i13.i
  %.9.i15.i = and i64 %.11.i5.i, %.11.i.i
  %.10.i16.i = and i64 %.11.i11.i, %.7.i13.i
  %.11.i17.i = or i64 %.10.i16.i, %.9.i15.i
  %.491 = getelementptr i8, ptr %arg.at.4, i64 56
  %.492 = load i64, ptr %.491, align 8
  %7 = getelementptr i64, ptr %arg.planes.4, i64 %.492
  %.518 = getelementptr i64, ptr %7, i64 %arg.w
  %.519 = load i64, ptr %.518, align 8
  %.547 = getelementptr i8, ptr %arg.at.4, i64 64
  %.548 = load i64, ptr %.547, align 8
  %8 = getelementptr i64, ptr %arg.planes.4, i64 %.548
  %.574 = getelementptr i64, ptr %8, i64 %arg.w
  %.575 = load i64, ptr %.574, align 8
  %.603 = getelementptr i8, ptr %arg.at.4, i64 72
  %.604 = load i64, ptr %.603, align 8
  %9 = getelementptr i64, ptr %arg.planes.4, i64 %.604
  %.630 = getelementptr i64, ptr %9, i64 %arg.w
  %.631 = load i64, ptr %.630, align 8
  %.659 = getelementptr i8, ptr %arg.at.4, i64 80
  %.660 = load i64, ptr %.659, align 8
  %10 = getelementptr i64, ptr %arg.planes.4, i64 %.660
  %.686 = getelementptr i64, ptr %10, i64 %arg.w
  %.687 = load i64, ptr %.686, align 8
  %.715 = getelementptr i8, ptr %arg.at.4, i64 88
  %.716 = load i64, ptr %.715, align 8
  %11 = getelementptr i64, ptr %arg.planes.4, i64 %.716
  %.742 = getelementptr i64, ptr %11, i64 %arg.w
  %.743 = load i64, ptr %.742, align 8
  %.771 = getelementptr i8, ptr %arg.at.4, i64 96
  %.772 = load i64, ptr %.771, align 8
  %12 = getelementptr i64, ptr %arg.planes.4, i64 %.772
  %.798 = getelementptr i64, ptr %12, i64 %arg.w
  %.799 = load i64, ptr %.798, align 8
  %.827 = getelementptr i8, ptr %arg.at.4, i64 104
  %.828 = load i64, ptr %.827, align 8
  %13 = getelementptr i64, ptr %arg.planes.4, i64 %.828
  %.854 = getelementptr i64, ptr %13, i64 %arg.w
  %.855 = load i64, ptr %.854, align 8
  %.7.i.i1 = xor i64 %.575, %.519
  %.8.i.i2 = xor i64 %.631, %.7.i.i1
  %.9.i.i3 = and i64 %.575, %.519
  %.10.i.i4 = and i64 %.631, %.7.i.i1
  %.11.i.i5 = or i64 %.10.i.i4, %.9.i.i3
  %.7.i1.i6 = xor i64 %.743, %.687
  %.8.i2.i7 = xor i64 %.799, %.7.i1.i6
  %.9.i3.i8 = and i64 %.743, %.687
  %.10.i4.i9 = and i64 %.799, %.7.i1.i6
  %.11.i5.i10 = or i64 %.10.i4.i9, %.9.i3.i8
  %.7.i7.i11 = xor i64 %.8.i2.i7, %.8.i.i2
  %.8.i8.i12 = xor i64 %.7.i7.i11, %.855
  %.9.i9.i13 = and i64 %.8.i2.i7, %.8.i.i2
  %.10.i10.i14 = and i64 %.7.i7.i11, %.855
  %.11.i11.i15 = or i64 %.10.i10.i14, %.9.i9.i13
  %.7.i13.i16 = xor i64 %.11.i5.i10, %.11.i.i5
  %.8.i14.i17 = xor i64 %.11.i11.i15, %.7.i13.i16
  %.9.i15.i18 = and i64 %.11.i5.i10, %.11.i.i5
  %.10.i16.i19 = and i64 %.11.i11.i15, %.7.i13.i16
  %.11.i17.i20 = or i64 %.10.i16.i19, %.9.i15.i18
  %.920 = getelementptr i8, ptr %arg.at.4, i64 112
  %.921 = load i64, ptr %.920, align 8
  %14 = getelementptr i64, ptr %arg.planes.4, i64 %.921
  %.947 = getelementptr i64, ptr %14, i64 %arg.w
  %.948 = load i64, ptr %.947, align 8
  %.976 = getelementptr i8, ptr %arg.at.4, i64 120
  %.977 = load i64, ptr %.976, align 8
  %15 = getelementptr i64, ptr %arg.planes.4, i64 %.977
  %.1003 = getelementptr i64, ptr %15, i64 %arg.w
  %.1004 = load i64, ptr %.1003, align 8
  %.1032 = getelementptr i8, ptr %arg.at.4, i64 128
  %.1033 = load i64, ptr %.1032, align 8
  %16 = getelementptr i64, ptr %arg.planes.4, i64 %.1033
  %.1059 = getelementptr i64, ptr %16, i64 %arg.w
  %.1060 = load i64, ptr %.1059, align 8
  %.1088 = getelementptr i8, ptr %arg.at.4, i64 136
  %.1089 = load i64, ptr %.1088, align 8
  %17 = getelementptr i64, ptr %arg.planes.4, i64 %.1089
  %.1115 = getelementptr i64, ptr %17, i64 %arg.w
  %.1116 = load i64, ptr %.1115, align 8
  %.1144 = getelementptr i8, ptr %arg.at.4, i64 144
  %.1145 = load i64, ptr %.1144, align 8
  %18 = getelementptr i64, ptr %arg.planes.4, i64 %.1145
  %.1171 = getelementptr i64, ptr %18, i64 %arg.w
  %.1172 = load i64, ptr %.1171, align 8
  %.1200 = getelementptr i8, ptr %arg.at.4, i64 152
  %.1201 = load i64, ptr %.1200, align 8
  %19 = getelementptr i64, ptr %arg.planes.4, i64 %.1201
  %.1227 = getelementptr i64, ptr %19, i64 %arg.w
  %.1228 = load i64, ptr %.1227, align 8
  %.1256 = getelementptr i8, ptr %arg.at.4, i64 160
  %.1257 = load i64, ptr %.1256, align 8
  %20 = getelementptr i64, ptr %arg.planes.4, i64 %.1257
  %.1286 = getelementptr i64, ptr %20, i64 %arg.w
  %.1287 = load i64, ptr %.1286, align 8
  %.7.i.i23 = xor i64 %.1004, %.948
  %.8.i.i24 = xor i64 %.1060, %.7.i.i23
  %.9.i.i25 = and i64 %.1004, %.948
  %.10.i.i26 = and i64 %.1060, %.7.i.i23
  %.11.i.i27 = or i64 %.10.i.i26, %.9.i.i25
  %.7.i1.i28 = xor i64 %.1172, %.1116
  %.8.i2.i29 = xor i64 %.1228, %.7.i1.i28
  %.9.i3.i30 = and i64 %.1172, %.1116
  %.10.i4.i31 = and i64 %.1228, %.7.i1.i28
  %.11.i5.i32 = or i64 %.10.i4.i31, %.9.i3.i30
  %.7.i7.i33 = xor i64 %.8.i2.i29, %.8.i.i24
  %.8.i8.i34 = xor i64 %.1287, %.7.i7.i33
  %.9.i9.i35 = and i64 %.8.i2.i29, %.8.i.i24
  %.10.i10.i36 = and i64 %.1287, %.7.i7.i33
  %.11.i11.i37 = or i64 %.10.i10.i36, %.9.i9.i35
  %.7.i13.i38 = xor i64 %.11.i5.i32, %.11.i.i27
  %.8.i14.i39 = xor i64 %.11.i11.i37, %.7.i13.i38
  %.9.i15.i40 = and i64 %.11.i5.i32, %.11.i.i27
  %.10.i16.i41 = and i64 %.11.i11.i37, %.7.i13.i38
  %.11.i17.i42 = or i64 %.10.i16.i41, %.9.i15.i40
  %.7.i = xor i64 %.8.i8.i12, %.8.i8.i
  %.8.i = xor i64 %.8.i8.i34, %.7.i
  %.9.i = and i64 %.8.i8.i12, %.8.i8.i
  %.10.i = and i64 %.8.i8.i34, %.7.i
  %.11.i = or i64 %.10.i, %.9.i
  %.7.i45 = xor i64 %.8.i14.i17, %.8.i14.i
  %.8.i46 = xor i64 %.8.i14.i39, %.7.i45
  %.9.i47 = and i64 %.8.i14.i17, %.8.i14.i
  %.10.i48 = and i64 %.8.i14.i39, %.7.i45
  %.11.i49 = or i64 %.10.i48, %.9.i47
  %.1393 = xor i64 %.8.i46, %.11.i
  %.7.i51 = xor i64 %.11.i17.i20, %.11.i17.i
  %.8.i52 = xor i64 %.11.i17.i42, %.7.i51
  %.9.i53 = and i64 %.11.i17.i20, %.11.i17.i
  %.10.i54 = and i64 %.11.i17.i42, %.7.i51
  %.1394 = and i64 %.8.i46, %.11.i
  %.7.i57 = xor i64 %.11.i49, %.8.i52
  %.8.i58 = xor i64 %.7.i57, %.1394
  %.9.i59 = and i64 %.11.i49, %.8.i52
  %.10.i60 = and i64 %.7.i57, %.1394
  %.13.i = xor i64 %arg.l2, -1
  %.14.i = and i64 %.8.i58, %.13.i
  %.16.i = xor i64 %.8.i58, %arg.l2
  %21 = or i64 %.16.i, %arg.l1
  %22 = xor i64 %21, -1
  %.20.i = and i64 %.1393, %22
  %.22.i = xor i64 %.1393, %arg.l1
  %23 = or i64 %.22.i, %arg.l0
  %24 = or i64 %23, %.16.i
  %25 = xor i64 %24, -1
  %.27.i = and i64 %.8.i, %25
  %.11.i61 = or i64 %.10.i54, %.9.i53
  %.11.i55 = or i64 %.11.i61, %.9.i59
  %.1462 = or i64 %.11.i55, %.10.i60
  %.15.i = or i64 %.1462, %.14.i
  %.21.i = or i64 %.15.i, %.20.i
  %.28.i = or i64 %.21.i, %.27.i
  %.29.i = xor i64 %.28.i, -1
  store i64 %.29.i, ptr %retptr, align 8
  ret i32 0
}

; Function Attrs: mustprogress nofree noinline norecurse nounwind willreturn memory(argmem: readwrite)
define linkonce_odr void @NRT_incref(ptr captures(address_is_null) %.1) local_unnamed_addr #1 {
.3:
  %.4 = icmp eq ptr %.1, null
  br i1 %.4, label %common.ret, label %.3.endif, !prof !1

common.ret:                                       ; preds = %.3.endif, %.3
  ret void

.3.endif:                                         ; preds = %.3
  %.4.i = atomicrmw add ptr %.1, i64 1 monotonic, align 8
  br label %common.ret
}

; Function Attrs: noinline
define linkonce_odr void @NRT_decref(ptr %.1) local_unnamed_addr #2 {
.3:
  %.4 = icmp eq ptr %.1, null
  br i1 %.4, label %common.ret, label %.3.endif, !prof !1

common.ret:                                       ; preds = %.3, %.3.endif
  ret void

.3.endif:                                         ; preds = %.3
  fence release
  %0 = tail call i8 @llvm.x86.atomic.sub.cc.i64(ptr nonnull %.1, i64 1, i32 4)
  %1 = trunc i8 %0 to i1
  br i1 %1, label %.3.endif.if, label %common.ret, !prof !1

.3.endif.if:                                      ; preds = %.3.endif
  fence acquire
  tail call void @NRT_MemInfo_call_dtor(ptr nonnull %.1)
  ret void
}

; Function Attrs: nounwind
declare i8 @llvm.x86.atomic.sub.cc.i64(ptr, i64, i32 immarg) #3

declare void @NRT_MemInfo_call_dtor(ptr) local_unnamed_addr

attributes #0 = { mustprogress nocallback nofree nounwind willreturn memory(argmem: write) }
attributes #1 = { mustprogress nofree noinline norecurse nounwind willreturn memory(argmem: readwrite) }
attributes #2 = { noinline }
attributes #3 = { nounwind }

!0 = !{!"branch_weights", i32 49, i32 1}
!1 = !{!"branch_weights", i32 1, i32 99}
!2 = !{!"branch_weights", i32 99, i32 1}
