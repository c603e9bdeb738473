	.file	"<string>"
	.section	.ltext,"axl",@progbits
	.globl	_ZN8__main__3repB3v10B38c8tJTIeFIjxB2IKSgI4CrvQClQZ6FczSBAA_3dE5ArrayIyLi1E1C7mutable7alignedE5ArrayIyLi2E1C7mutable7alignedEx
	.p2align	4
	.type	_ZN8__main__3repB3v10B38c8tJTIeFIjxB2IKSgI4CrvQClQZ6FczSBAA_3dE5ArrayIyLi1E1C7mutable7alignedE5ArrayIyLi2E1C7mutable7alignedEx,@function
_ZN8__main__3repB3v10B38c8tJTIeFIjxB2IKSgI4CrvQClQZ6FczSBAA_3dE5ArrayIyLi1E1C7mutable7alignedE5ArrayIyLi2E1C7mutable7alignedEx:
	.cfi_startproc
	pushq	%rbp
	.cfi_def_cfa_offset 16
	pushq	%r15
	.cfi_def_cfa_offset 24
	pushq	%r14
	.cfi_def_cfa_offset 32
	pushq	%r13
	.cfi_def_cfa_offset 40
	pushq	%r12
	.cfi_def_cfa_offset 48
	pushq	%rbx
	.cfi_def_cfa_offset 56
	subq	$120, %rsp
	.cfi_def_cfa_offset 176
	.cfi_offset %rbx, -56
	.cfi_offset %r12, -48
	.cfi_offset %r13, -40
	.cfi_offset %r14, -32
	.cfi_offset %r15, -24
	.cfi_offset %rbp, -16
	cmpq	$0, 272(%rsp)
	movq	%rdi, -120(%rsp)
	jle	.LBB0_1
	movq	176(%rsp), %rax
	xorl	%ecx, %ecx
	xorl	%r13d, %r13d
	addq	$64, %rax
	movq	%rax, -112(%rsp)
	.p2align	4
.LBB0_4:
	movq	%r13, %rdx
	shrq	$3, %rdx
	movabsq	$2361183241434822607, %rax
	movq	%rcx, -96(%rsp)
	movq	232(%rsp), %rdi
	vxorps	%xmm1, %xmm1, %xmm1
	vxorps	%xmm0, %xmm0, %xmm0
	mulxq	%rax, %rax, %rax
	movq	%r13, -104(%rsp)
	shrq	$4, %rax
	imulq	$1000, %rax, %rax
	subq	%rax, %r13
	imulq	248(%rsp), %r13
	movq	64(%rdi,%r13,8), %rax
	movq	56(%rdi,%r13,8), %rcx
	movq	104(%rdi,%r13,8), %rsi
	movq	80(%rdi,%r13,8), %rdx
	movq	120(%rdi,%r13,8), %r11
	movq	88(%rdi,%r13,8), %r9
	movq	72(%rdi,%r13,8), %r8
	movq	128(%rdi,%r13,8), %rbx
	movq	136(%rdi,%r13,8), %r14
	movq	144(%rdi,%r13,8), %r15
	movq	152(%rdi,%r13,8), %r12
	movq	112(%rdi,%r13,8), %r10
	movq	160(%rdi,%r13,8), %rbp
	movq	%rax, 48(%rsp)
	movq	-112(%rsp), %rax
	movq	%rcx, -16(%rsp)
	movq	96(%rdi,%r13,8), %rcx
	leaq	(%rax,%rsi,8), %rsi
	leaq	(%rax,%r11,8), %r11
	leaq	(%rax,%r12,8), %r12
	leaq	(%rax,%r15,8), %r15
	leaq	(%rax,%r14,8), %r14
	leaq	(%rax,%rbx,8), %rbx
	leaq	(%rax,%r10,8), %r10
	leaq	(%rax,%rbp,8), %rbp
	movq	%rsi, -72(%rsp)
	leaq	(%rax,%rcx,8), %rsi
	movq	%r11, -56(%rsp)
	leaq	(%rax,%r9,8), %rcx
	movq	%r12, -24(%rsp)
	movq	8(%rdi,%r13,8), %r12
	movq	%r15, -32(%rsp)
	movq	16(%rdi,%r13,8), %r15
	movq	%r14, -40(%rsp)
	movq	24(%rdi,%r13,8), %r14
	movq	%rbx, -48(%rsp)
	movq	32(%rdi,%r13,8), %rbx
	movq	%r10, -64(%rsp)
	movq	%rsi, -80(%rsp)
	leaq	(%rax,%rdx,8), %rsi
	movq	48(%rsp), %rdx
	movq	%rcx, -88(%rsp)
	leaq	(%rax,%r8,8), %rcx
	leaq	(%rax,%rbx,8), %rbx
	leaq	(%rax,%r14,8), %r14
	leaq	(%rax,%r15,8), %r15
	leaq	(%rax,%r12,8), %r12
	leaq	(%rax,%rdx,8), %r11
	movq	-16(%rsp), %rdx
	leaq	(%rax,%rdx,8), %r8
	movq	48(%rdi,%r13,8), %rdx
	leaq	(%rax,%rdx,8), %r9
	movq	40(%rdi,%r13,8), %rdx
	movq	(%rdi,%r13,8), %r13
	leaq	(%rax,%rdx,8), %rdx
	leaq	(%rax,%r13,8), %r13
	movq	%rbp, %rax
	xorl	%ebp, %ebp
	.p2align	4
.LBB0_5:
	vmovdqu64	-64(%r13,%rbp), %zmm3
	vmovdqu64	-64(%r12,%rbp), %zmm7
	vmovdqu64	-64(%r15,%rbp), %zmm9
	vmovdqu64	(%r13,%rbp), %zmm4
	vmovdqu64	(%r12,%rbp), %zmm8
	vmovdqu64	-64(%r14,%rbp), %zmm11
	vmovdqu64	-64(%rbx,%rbp), %zmm13
	vmovdqu64	(%r15,%rbp), %zmm10
	vmovdqu64	-64(%rdx,%rbp), %zmm15
	movq	-88(%rsp), %rdi
	vmovdqu64	(%r14,%rbp), %zmm12
	vmovdqu64	(%rbx,%rbp), %zmm14
	vmovdqu64	(%rdx,%rbp), %zmm16
	vmovdqu64	-64(%r9,%rbp), %zmm5
	vmovdqu64	(%r9,%rbp), %zmm6
	vmovups	%zmm0, -16(%rsp)
	vmovdqu64	(%rsi,%rbp), %zmm22
	vmovups	%zmm1, 48(%rsp)
	movq	-40(%rsp), %r10
	vmovdqu64	(%rdi,%rbp), %zmm24
	vmovdqu64	-64(%rdi,%rbp), %zmm23
	movq	-80(%rsp), %rdi
	vpxorq	%zmm3, %zmm7, %zmm17
	vpxorq	%zmm4, %zmm8, %zmm18
	vpxorq	%zmm12, %zmm14, %zmm0
	vpxorq	%zmm17, %zmm9, %zmm19
	vpandq	%zmm17, %zmm9, %zmm17
	vpxorq	%zmm18, %zmm10, %zmm20
	vpandq	%zmm18, %zmm10, %zmm18
	vpxorq	%zmm0, %zmm16, %zmm21
	vpandq	%zmm0, %zmm16, %zmm16
	vmovdqu64	(%r11,%rbp), %zmm0
	vpternlogq	$248, %zmm3, %zmm7, %zmm17
	vpxorq	%zmm11, %zmm13, %zmm3
	vpternlogq	$248, %zmm4, %zmm8, %zmm18
	vpternlogq	$248, %zmm12, %zmm14, %zmm16
	vpxorq	%zmm20, %zmm21, %zmm9
	vmovdqu64	-64(%rdi,%rbp), %zmm25
	vmovdqu64	(%rdi,%rbp), %zmm26
	movq	-72(%rsp), %rdi
	vmovdqu64	(%r8,%rbp), %zmm14
	vpxorq	%zmm3, %zmm15, %zmm7
	vpandq	%zmm3, %zmm15, %zmm15
	vpxorq	%zmm19, %zmm7, %zmm8
	vpternlogq	$248, %zmm11, %zmm13, %zmm15
	vpandq	%zmm6, %zmm9, %zmm11
	vpxorq	%zmm18, %zmm16, %zmm13
	vpandq	%zmm5, %zmm8, %zmm10
	vpxorq	%zmm17, %zmm15, %zmm12
	vpternlogq	$248, %zmm20, %zmm21, %zmm11
	vmovdqu64	(%rcx,%rbp), %zmm20
	vmovdqu64	-64(%rsi,%rbp), %zmm21
	vpxorq	%zmm22, %zmm24, %zmm1
	vpxorq	%zmm5, %zmm8, %zmm5
	vpternlogq	$248, %zmm19, %zmm7, %zmm10
	vmovdqu64	-64(%r8,%rbp), %zmm7
	vmovdqu64	-64(%rcx,%rbp), %zmm19
	vpandq	%zmm13, %zmm11, %zmm3
	vpxorq	%zmm13, %zmm11, %zmm13
	vpandq	%zmm12, %zmm10, %zmm4
	vpternlogq	$248, %zmm18, %zmm16, %zmm3
	vmovdqu64	(%rdi,%rbp), %zmm16
	vpxorq	%zmm12, %zmm10, %zmm12
	vpternlogq	$248, %zmm17, %zmm15, %zmm4
	vmovdqu64	-64(%r11,%rbp), %zmm17
	vmovdqu64	-64(%rdi,%rbp), %zmm15
	movq	-64(%rsp), %rdi
	vpxorq	%zmm14, %zmm0, %zmm28
	vpxorq	%zmm28, %zmm20, %zmm30
	vpandq	%zmm28, %zmm20, %zmm28
	vpternlogq	$248, %zmm14, %zmm0, %zmm28
	vpxorq	%zmm1, %zmm26, %zmm0
	vpandq	%zmm1, %zmm26, %zmm26
	vpxorq	%zmm30, %zmm0, %zmm18
	vpternlogq	$248, %zmm22, %zmm24, %zmm26
	vpxorq	%zmm7, %zmm17, %zmm27
	vpandq	%zmm16, %zmm18, %zmm20
	vpxorq	%zmm28, %zmm26, %zmm22
	vpxorq	%zmm27, %zmm19, %zmm29
	vpandq	%zmm27, %zmm19, %zmm27
	vpternlogq	$248, %zmm30, %zmm0, %zmm20
	vmovdqu64	-64(%rdi,%rbp), %zmm0
	vpternlogq	$248, %zmm7, %zmm17, %zmm27
	vpxorq	%zmm21, %zmm23, %zmm7
	vpxorq	%zmm7, %zmm25, %zmm31
	vpandq	%zmm7, %zmm25, %zmm25
	vpandq	%zmm22, %zmm20, %zmm7
	vpternlogq	$248, %zmm21, %zmm23, %zmm25
	vmovdqu64	(%rdi,%rbp), %zmm23
	movq	-56(%rsp), %rdi
	vpxorq	%zmm29, %zmm31, %zmm17
	vpternlogq	$248, %zmm28, %zmm26, %zmm7
	vmovdqu64	-64(%r10,%rbp), %zmm28
	vpandq	%zmm15, %zmm17, %zmm19
	vpxorq	%zmm27, %zmm25, %zmm21
	vpternlogq	$248, %zmm29, %zmm31, %zmm19
	vmovdqu64	(%r10,%rbp), %zmm29
	movq	-32(%rsp), %r10
	vpandq	%zmm21, %zmm19, %zmm14
	vpternlogq	$248, %zmm27, %zmm25, %zmm14
	vmovdqu64	-64(%rdi,%rbp), %zmm24
	vmovdqu64	(%rdi,%rbp), %zmm25
	movq	-48(%rsp), %rdi
	vmovdqu64	-64(%r10,%rbp), %zmm30
	vmovdqu64	-64(%rdi,%rbp), %zmm26
	vmovdqu64	(%rdi,%rbp), %zmm27
	movq	-24(%rsp), %rdi
	vpxorq	%zmm0, %zmm24, %zmm1
	vmovdqu64	-64(%rdi,%rbp), %zmm31
	vpandq	%zmm1, %zmm26, %zmm2
	vpxorq	%zmm1, %zmm26, %zmm1
	vmovdqu64	-64(%rax,%rbp), %zmm26
	vpternlogq	$248, %zmm0, %zmm24, %zmm2
	vpxorq	%zmm23, %zmm25, %zmm0
	vpandq	%zmm0, %zmm27, %zmm24
	vpxorq	%zmm0, %zmm27, %zmm0
	vpternlogq	$248, %zmm23, %zmm25, %zmm24
	vpxorq	%zmm28, %zmm30, %zmm23
	vpandq	%zmm23, %zmm31, %zmm25
	vpxorq	%zmm23, %zmm31, %zmm23
	vpternlogq	$248, %zmm28, %zmm30, %zmm25
	vmovdqu64	(%r10,%rbp), %zmm28
	vmovdqu64	(%rdi,%rbp), %zmm30
	vpxorq	%zmm29, %zmm28, %zmm27
	vpxorq	%zmm27, %zmm30, %zmm31
	vpandq	%zmm27, %zmm30, %zmm27
	vmovdqu64	(%rax,%rbp), %zmm30
	subq	$-128, %rbp
	vpternlogq	$248, %zmm29, %zmm28, %zmm27
	vpxorq	%zmm1, %zmm23, %zmm28
	vpandq	%zmm28, %zmm26, %zmm29
	vpxorq	%zmm28, %zmm26, %zmm8
	vpternlogq	$248, %zmm1, %zmm23, %zmm29
	vpxorq	%zmm0, %zmm31, %zmm1
	vpandq	%zmm1, %zmm30, %zmm23
	vpxorq	%zmm1, %zmm30, %zmm26
	vpxorq	%zmm24, %zmm27, %zmm1
	vpternlogq	$248, %zmm0, %zmm31, %zmm23
	vpxorq	%zmm2, %zmm25, %zmm0
	vpandq	%zmm0, %zmm29, %zmm31
	vpxorq	%zmm0, %zmm29, %zmm0
	vpandq	%zmm1, %zmm23, %zmm10
	vpternlogq	$248, %zmm2, %zmm25, %zmm31
	vpxorq	%zmm6, %zmm9, %zmm25
	vpxorq	%zmm15, %zmm17, %zmm6
	vpxorq	%zmm16, %zmm18, %zmm15
	vpxorq	%zmm21, %zmm19, %zmm16
	vpxorq	%zmm22, %zmm20, %zmm17
	vpxorq	%zmm1, %zmm23, %zmm9
	vpxorq	%zmm4, %zmm14, %zmm19
	vpternlogq	$248, %zmm24, %zmm27, %zmm10
	vpxorq	%zmm12, %zmm16, %zmm2
	vpxorq	%zmm13, %zmm17, %zmm20
	vpxorq	%zmm5, %zmm6, %zmm1
	vpxorq	%zmm25, %zmm15, %zmm22
	vpandq	%zmm2, %zmm0, %zmm21
	vpandq	%zmm1, %zmm8, %zmm18
	vpxorq	%zmm2, %zmm0, %zmm0
	vpxorq	%zmm19, %zmm31, %zmm2
	vpandq	%zmm22, %zmm26, %zmm11
	vpternlogq	$248, %zmm12, %zmm16, %zmm21
	vpandq	%zmm20, %zmm9, %zmm16
	vpternlogq	$248, %zmm5, %zmm6, %zmm18
	vpternlogq	$248, %zmm25, %zmm15, %zmm11
	vpxorq	%zmm20, %zmm9, %zmm9
	vpternlogq	$248, %zmm13, %zmm17, %zmm16
	vpandq	%zmm19, %zmm31, %zmm17
	vpternlogq	$248, %zmm4, %zmm14, %zmm17
	vporq	%zmm18, %zmm0, %zmm4
	vpternlogq	$248, %zmm2, %zmm21, %zmm17
	vpxorq	%zmm2, %zmm21, %zmm2
	vpternlogq	$234, %zmm17, %zmm2, %zmm4
	vpternlogq	$120, %zmm18, %zmm0, %zmm2
	vpxorq	%zmm0, %zmm18, %zmm0
	vpternlogq	$6, %zmm1, %zmm8, %zmm0
	vpxorq	%zmm3, %zmm7, %zmm1
	vpandq	%zmm1, %zmm10, %zmm8
	vpxorq	%zmm1, %zmm10, %zmm1
	vpternlogq	$248, %zmm2, %zmm0, %zmm4
	vmovdqu64	-16(%rsp), %zmm2
	vpternlogd	$255, %zmm0, %zmm0, %zmm0
	vpternlogq	$248, %zmm3, %zmm7, %zmm8
	vpxorq	%zmm9, %zmm11, %zmm3
	vporq	%zmm11, %zmm9, %zmm7
	vpternlogq	$248, %zmm1, %zmm16, %zmm8
	vpxorq	%zmm1, %zmm16, %zmm1
	vpternlogq	$6, %zmm22, %zmm26, %zmm3
	vpternlogq	$234, %zmm8, %zmm1, %zmm7
	vpternlogq	$120, %zmm11, %zmm9, %zmm1
	vpternlogq	$248, %zmm1, %zmm3, %zmm7
	vmovdqu64	48(%rsp), %zmm1
	vpternlogq	$246, %zmm0, %zmm7, %zmm2
	vmovdqu64	%zmm2, -16(%rsp)
	vpternlogq	$246, %zmm0, %zmm4, %zmm1
	vmovdqu64	-16(%rsp), %zmm0
	cmpq	$512, %rbp
	jne	.LBB0_5
	vporq	%zmm1, %zmm0, %zmm0
	movq	-104(%rsp), %r13
	movq	-96(%rsp), %rcx
	vextracti64x4	$1, %zmm0, %ymm1
	vporq	%zmm1, %zmm0, %zmm0
	vextracti128	$1, %ymm0, %xmm1
	vpor	%xmm1, %xmm0, %xmm0
	vpshufd	$238, %xmm0, %xmm1
	incq	%r13
	vpor	%xmm1, %xmm0, %xmm0
	vmovq	%xmm0, %rax
	addq	%rax, %rcx
	cmpq	%r13, 272(%rsp)
	jne	.LBB0_4
	jmp	.LBB0_2
.LBB0_1:
	xorl	%ecx, %ecx
.LBB0_2:
	movq	-120(%rsp), %rax
	movq	%rcx, (%rax)
	xorl	%eax, %eax
	addq	$120, %rsp
	.cfi_def_cfa_offset 56
	popq	%rbx
	.cfi_def_cfa_offset 48
	popq	%r12
	.cfi_def_cfa_offset 40
	popq	%r13
	.cfi_def_cfa_offset 32
	popq	%r14
	.cfi_def_cfa_offset 24
	popq	%r15
	.cfi_def_cfa_offset 16
	popq	%rbp
	.cfi_def_cfa_offset 8
	vzeroupper
	retq
.Lfunc_end0:
	.size	_ZN8__main__3repB3v10B38c8tJTIeFIjxB2IKSgI4CrvQClQZ6FczSBAA_3dE5ArrayIyLi1E1C7mutable7alignedE5ArrayIyLi2E1C7mutable7alignedEx, .Lfunc_end0-_ZN8__main__3repB3v10B38c8tJTIeFIjxB2IKSgI4CrvQClQZ6FczSBAA_3dE5ArrayIyLi1E1C7mutable7alignedE5ArrayIyLi2E1C7mutable7alignedEx
	.cfi_endproc

	.globl	_ZN7cpython8__main__3repB3v10B38c8tJTIeFIjxB2IKSgI4CrvQClQZ6FczSBAA_3dE5ArrayIyLi1E1C7mutable7alignedE5ArrayIyLi2E1C7mutable7alignedEx
	.p2align	4
	.type	_ZN7cpython8__main__3repB3v10B38c8tJTIeFIjxB2IKSgI4CrvQClQZ6FczSBAA_3dE5ArrayIyLi1E1C7mutable7alignedE5ArrayIyLi2E1C7mutable7alignedEx,@function
_ZN7cpython8__main__3repB3v10B38c8tJTIeFIjxB2IKSgI4CrvQClQZ6FczSBAA_3dE5ArrayIyLi1E1C7mutable7alignedE5ArrayIyLi2E1C7mutable7alignedEx:
	.cfi_startproc
	pushq	%rbp
	.cfi_def_cfa_offset 16
	pushq	%r15
	.cfi_def_cfa_offset 24
	pushq	%r14
	.cfi_def_cfa_offset 32
	pushq	%r13
	.cfi_def_cfa_offset 40
	pushq	%r12
	.cfi_def_cfa_offset 48
	pushq	%rbx
	.cfi_def_cfa_offset 56
	subq	$280, %rsp
	.cfi_def_cfa_offset 336
	.cfi_offset %rbx, -56
	.cfi_offset %r12, -48
	.cfi_offset %r13, -40
	.cfi_offset %r14, -32
	.cfi_offset %r15, -24
	.cfi_offset %rbp, -16
	movq	%rsi, %rdi
	leaq	120(%rsp), %rax
	movabsq	$.const.rep, %rsi
	movabsq	$PyArg_UnpackTuple, %r10
	leaq	136(%rsp), %r8
	leaq	128(%rsp), %r9
	movl	$3, %edx
	movl	$3, %ecx
	movq	%rax, (%rsp)
	xorl	%eax, %eax
	callq	*%r10
	testl	%eax, %eax
	je	.LBB1_1
	movabsq	$_ZN08NumbaEnv8__main__3repB3v10B38c8tJTIeFIjxB2IKSgI4CrvQClQZ6FczSBAA_3dE5ArrayIyLi1E1C7mutable7alignedE5ArrayIyLi2E1C7mutable7alignedEx, %rax
	cmpq	$0, (%rax)
	je	.LBB1_4
	movq	136(%rsp), %rdi
	movabsq	$NRT_adapt_ndarray_from_python, %r14
	leaq	144(%rsp), %rsi
	vxorps	%xmm0, %xmm0, %xmm0
	vmovups	%ymm0, 144(%rsp)
	vmovups	%ymm0, 168(%rsp)
	vzeroupper
	callq	*%r14
	testl	%eax, %eax
	jne	.LBB1_8
	cmpq	$8, 168(%rsp)
	jne	.LBB1_8
	movq	128(%rsp), %rdi
	movq	144(%rsp), %r15
	movq	176(%rsp), %rbx
	leaq	208(%rsp), %rsi
	vxorps	%xmm0, %xmm0, %xmm0
	vmovups	%zmm0, 208(%rsp)
	movq	$0, 272(%rsp)
	vzeroupper
	callq	*%r14
	cmpq	$8, 232(%rsp)
	setne	%cl
	testl	%eax, %eax
	setne	%bpl
	orb	%cl, %bpl
	jne	.LBB1_13
	testb	%bpl, %bpl
	jne	.LBB1_10
.LBB1_15:
	movq	120(%rsp), %rdi
	movq	208(%rsp), %r14
	movq	240(%rsp), %rbp
	movq	256(%rsp), %r13
	movabsq	$PyNumber_Long, %rax
	movq	%r15, 104(%rsp)
	callq	*%rax
	testq	%rax, %rax
	je	.LBB1_16
	movq	%rax, %r12
	movabsq	$PyLong_AsLongLong, %rax
	movq	%r12, %rdi
	callq	*%rax
	movq	%rax, %r15
	movabsq	$Py_DecRef, %rax
	movq	%r12, %rdi
	callq	*%rax
	movabsq	$PyErr_Occurred, %rax
	callq	*%rax
	testq	%rax, %rax
	jne	.LBB1_9
.LBB1_19:
	movq	%rbx, (%rsp)
	movq	104(%rsp), %rbx
	movabsq	$_ZN8__main__3repB3v10B38c8tJTIeFIjxB2IKSgI4CrvQClQZ6FczSBAA_3dE5ArrayIyLi1E1C7mutable7alignedE5ArrayIyLi2E1C7mutable7alignedEx, %rax
	leaq	112(%rsp), %rdi
	movq	$0, 112(%rsp)
	movq	%r15, 96(%rsp)
	movq	%r13, 72(%rsp)
	movq	%rbp, 56(%rsp)
	movq	%r14, 24(%rsp)
	movq	%rbx, %rdx
	callq	*%rax
	movq	112(%rsp), %r15
	movabsq	$NRT_decref, %r12
	movq	%rbx, %rdi
	movl	%eax, %ebp
	callq	*%r12
	movq	%r14, %rdi
	callq	*%r12
	testl	%ebp, %ebp
	jne	.LBB1_20
	movabsq	$PyLong_FromUnsignedLongLong, %rax
	movq	%r15, %rdi
	callq	*%rax
.LBB1_2:
	addq	$280, %rsp
	.cfi_def_cfa_offset 56
	popq	%rbx
	.cfi_def_cfa_offset 48
	popq	%r12
	.cfi_def_cfa_offset 40
	popq	%r13
	.cfi_def_cfa_offset 32
	popq	%r14
	.cfi_def_cfa_offset 24
	popq	%r15
	.cfi_def_cfa_offset 16
	popq	%rbp
	.cfi_def_cfa_offset 8
	retq
.LBB1_20:
	.cfi_def_cfa_offset 336
	jg	.LBB1_26
	cmpl	$-1, %ebp
	je	.LBB1_1
	cmpl	$-3, %ebp
	jne	.LBB1_24
	movabsq	$PyExc_StopIteration, %rdi
	movabsq	$PyErr_SetNone, %rax
	callq	*%rax
	jmp	.LBB1_1
.LBB1_4:
	movabsq	$PyExc_RuntimeError, %rdi
	movabsq	$".const.missing Environment: _ZN08NumbaEnv8__main__3repB3v10B38c8tJTIeFIjxB2IKSgI4CrvQClQZ6FczSBAA_3dE5ArrayIyLi1E1C7mutable7alignedE5ArrayIyLi2E1C7mutable7alignedEx", %rsi
	jmp	.LBB1_5
.LBB1_8:
	movabsq	$PyExc_TypeError, %rdi
	movabsq	$".const.can't unbox array from PyObject into native value.  The object maybe of a different type", %rsi
	jmp	.LBB1_5
.LBB1_13:
	movabsq	$PyExc_TypeError, %rdi
	movabsq	$".const.can't unbox array from PyObject into native value.  The object maybe of a different type", %rsi
	movabsq	$PyErr_SetString, %rax
	callq	*%rax
	testb	%bpl, %bpl
	je	.LBB1_15
	jmp	.LBB1_10
.LBB1_16:
	xorl	%r15d, %r15d
	movabsq	$PyErr_Occurred, %rax
	callq	*%rax
	testq	%rax, %rax
	je	.LBB1_19
.LBB1_9:
	movabsq	$NRT_decref, %rax
	movq	%r14, %rdi
	callq	*%rax
	movq	104(%rsp), %r15
.LBB1_10:
	movabsq	$NRT_decref, %rax
	movq	%r15, %rdi
	callq	*%rax
	jmp	.LBB1_1
.LBB1_24:
	movabsq	$PyExc_SystemError, %rdi
	movabsq	$".const.unknown error when calling native function", %rsi
.LBB1_5:
	movabsq	$PyErr_SetString, %rax
	callq	*%rax
.LBB1_1:
	xorl	%eax, %eax
	jmp	.LBB1_2
.LBB1_26:
	movabsq	$PyErr_Clear, %rax
	callq	*%rax
.Lfunc_end1:
	.size	_ZN7cpython8__main__3repB3v10B38c8tJTIeFIjxB2IKSgI4CrvQClQZ6FczSBAA_3dE5ArrayIyLi1E1C7mutable7alignedE5ArrayIyLi2E1C7mutable7alignedEx, .Lfunc_end1-_ZN7cpython8__main__3repB3v10B38c8tJTIeFIjxB2IKSgI4CrvQClQZ6FczSBAA_3dE5ArrayIyLi1E1C7mutable7alignedE5ArrayIyLi2E1C7mutable7alignedEx
	.cfi_endproc

	.globl	cfunc._ZN8__main__3repB3v10B38c8tJTIeFIjxB2IKSgI4CrvQClQZ6FczSBAA_3dE5ArrayIyLi1E1C7mutable7alignedE5ArrayIyLi2E1C7mutable7alignedEx
	.p2align	4
	.type	cfunc._ZN8__main__3repB3v10B38c8tJTIeFIjxB2IKSgI4CrvQClQZ6FczSBAA_3dE5ArrayIyLi1E1C7mutable7alignedE5ArrayIyLi2E1C7mutable7alignedEx,@function
cfunc._ZN8__main__3repB3v10B38c8tJTIeFIjxB2IKSgI4CrvQClQZ6FczSBAA_3dE5ArrayIyLi1E1C7mutable7alignedE5ArrayIyLi2E1C7mutable7alignedEx:
	.cfi_startproc
	pushq	%r14
	.cfi_def_cfa_offset 16
	pushq	%rbx
	.cfi_def_cfa_offset 24
	subq	$120, %rsp
	.cfi_def_cfa_offset 144
	.cfi_offset %rbx, -24
	.cfi_offset %r14, -16
	movq	152(%rsp), %rax
	movq	184(%rsp), %rcx
	movq	200(%rsp), %rsi
	movq	224(%rsp), %r10
	movq	%rdi, %rdx
	leaq	112(%rsp), %rdi
	movq	$0, 112(%rsp)
	movq	%r8, (%rsp)
	movq	%rax, 24(%rsp)
	movabsq	$_ZN8__main__3repB3v10B38c8tJTIeFIjxB2IKSgI4CrvQClQZ6FczSBAA_3dE5ArrayIyLi1E1C7mutable7alignedE5ArrayIyLi2E1C7mutable7alignedEx, %rax
	movq	%r10, 96(%rsp)
	movq	%rsi, 72(%rsp)
	movq	%rcx, 56(%rsp)
	callq	*%rax
	movq	112(%rsp), %rcx
	movl	$0, 108(%rsp)
	testl	%eax, %eax
	jne	.LBB2_1
.LBB2_5:
	movq	%rcx, %rax
	addq	$120, %rsp
	.cfi_def_cfa_offset 24
	popq	%rbx
	.cfi_def_cfa_offset 16
	popq	%r14
	.cfi_def_cfa_offset 8
	retq
.LBB2_1:
	.cfi_def_cfa_offset 144
	movq	%rcx, %r14
	movabsq	$numba_gil_ensure, %rcx
	leaq	108(%rsp), %rdi
	movl	%eax, %ebx
	callq	*%rcx
	testl	%ebx, %ebx
	jg	.LBB2_2
	movl	%ebx, %eax
	cmpl	$-1, %ebx
	je	.LBB2_4
	cmpl	$-3, %eax
	jne	.LBB2_3
	movabsq	$PyExc_StopIteration, %rdi
	movabsq	$PyErr_SetNone, %rax
	callq	*%rax
	jmp	.LBB2_4
.LBB2_3:
	movabsq	$PyExc_SystemError, %rdi
	movabsq	$".const.unknown error when calling native function.2", %rsi
	movabsq	$PyErr_SetString, %rax
	callq	*%rax
.LBB2_4:
	movabsq	$".const.<numba.core.cpu.CPUContext>", %rdi
	movabsq	$PyUnicode_FromString, %rax
	callq	*%rax
	movq	%rax, %rbx
	movabsq	$PyErr_WriteUnraisable, %rax
	movq	%rbx, %rdi
	callq	*%rax
	movabsq	$Py_DecRef, %rax
	movq	%rbx, %rdi
	callq	*%rax
	movabsq	$numba_gil_release, %rax
	leaq	108(%rsp), %rdi
	callq	*%rax
	movq	%r14, %rcx
	jmp	.LBB2_5
.LBB2_2:
	movabsq	$PyErr_Clear, %rax
	callq	*%rax
.Lfunc_end2:
	.size	cfunc._ZN8__main__3repB3v10B38c8tJTIeFIjxB2IKSgI4CrvQClQZ6FczSBAA_3dE5ArrayIyLi1E1C7mutable7alignedE5ArrayIyLi2E1C7mutable7alignedEx, .Lfunc_end2-cfunc._ZN8__main__3repB3v10B38c8tJTIeFIjxB2IKSgI4CrvQClQZ6FczSBAA_3dE5ArrayIyLi1E1C7mutable7alignedE5ArrayIyLi2E1C7mutable7alignedEx
	.cfi_endproc

	.weak	NRT_incref
	.p2align	4
	.type	NRT_incref,@function
NRT_incref:
	testq	%rdi, %rdi
	je	.LBB3_2
	lock		incq	(%rdi)
.LBB3_2:
	retq
.Lfunc_end3:
	.size	NRT_incref, .Lfunc_end3-NRT_incref

	.weak	NRT_decref
	.p2align	4
	.type	NRT_decref,@function
NRT_decref:
	.cfi_startproc
	testq	%rdi, %rdi
	je	.LBB4_2
	#MEMBARRIER
	lock		decq	(%rdi)
	je	.LBB4_3
.LBB4_2:
	retq
.LBB4_3:
	movabsq	$NRT_MemInfo_call_dtor, %rax
	#MEMBARRIER
	jmpq	*%rax
.Lfunc_end4:
	.size	NRT_decref, .Lfunc_end4-NRT_decref
	.cfi_endproc

	.type	.const.rep,@object
	.section	.lrodata,"al",@progbits
.const.rep:
	.asciz	"rep"
	.size	.const.rep, 4

	.type	_ZN08NumbaEnv8__main__3repB3v10B38c8tJTIeFIjxB2IKSgI4CrvQClQZ6FczSBAA_3dE5ArrayIyLi1E1C7mutable7alignedE5ArrayIyLi2E1C7mutable7alignedEx,@object
	.comm	_ZN08NumbaEnv8__main__3repB3v10B38c8tJTIeFIjxB2IKSgI4CrvQClQZ6FczSBAA_3dE5ArrayIyLi1E1C7mutable7alignedE5ArrayIyLi2E1C7mutable7alignedEx,8,8
	.type	".const.missing Environment: _ZN08NumbaEnv8__main__3repB3v10B38c8tJTIeFIjxB2IKSgI4CrvQClQZ6FczSBAA_3dE5ArrayIyLi1E1C7mutable7alignedE5ArrayIyLi2E1C7mutable7alignedEx",@object
	.p2align	4, 0x0
".const.missing Environment: _ZN08NumbaEnv8__main__3repB3v10B38c8tJTIeFIjxB2IKSgI4CrvQClQZ6FczSBAA_3dE5ArrayIyLi1E1C7mutable7alignedE5ArrayIyLi2E1C7mutable7alignedEx":
	.asciz	"missing Environment: _ZN08NumbaEnv8__main__3repB3v10B38c8tJTIeFIjxB2IKSgI4CrvQClQZ6FczSBAA_3dE5ArrayIyLi1E1C7mutable7alignedE5ArrayIyLi2E1C7mutable7alignedEx"
	.size	".const.missing Environment: _ZN08NumbaEnv8__main__3repB3v10B38c8tJTIeFIjxB2IKSgI4CrvQClQZ6FczSBAA_3dE5ArrayIyLi1E1C7mutable7alignedE5ArrayIyLi2E1C7mutable7alignedEx", 158

	.type	".const.can't unbox array from PyObject into native value.  The object maybe of a different type",@object
	.p2align	4, 0x0
".const.can't unbox array from PyObject into native value.  The object maybe of a different type":
	.asciz	"can't unbox array from PyObject into native value.  The object maybe of a different type"
	.size	".const.can't unbox array from PyObject into native value.  The object maybe of a different type", 89

	.type	".const.unknown error when calling native function",@object
	.p2align	4, 0x0
".const.unknown error when calling native function":
	.asciz	"unknown error when calling native function"
	.size	".const.unknown error when calling native function", 43

	.type	".const.unknown error when calling native function.2",@object
	.p2align	4, 0x0
".const.unknown error when calling native function.2":
	.asciz	"unknown error when calling native function"
	.size	".const.unknown error when calling native function.2", 43

	.type	".const.<numba.core.cpu.CPUContext>",@object
	.p2align	4, 0x0
".const.<numba.core.cpu.CPUContext>":
	.asciz	"<numba.core.cpu.CPUContext>"
	.size	".const.<numba.core.cpu.CPUContext>", 28

	.type	_ZN08NumbaEnv8__main__1AB2v2B38c8tJTIeFIjxB2IKSgI4CrvQClQZ6FczSBAA_3dE5ArrayIyLi1E1C7mutable7alignedE5ArrayIyLi1E1C7mutable7alignedE23Literal_5bint_5d_284_29,@object
	.comm	_ZN08NumbaEnv8__main__1AB2v2B38c8tJTIeFIjxB2IKSgI4CrvQClQZ6FczSBAA_3dE5ArrayIyLi1E1C7mutable7alignedE5ArrayIyLi1E1C7mutable7alignedE23Literal_5bint_5d_284_29,8,8
	.type	_ZN08NumbaEnv6onelot6tailor9offtarget8counting8within21B2v3B56c8tJTIeFIjxB2IKSgI4CrvQCk0Z4yRYcWsBAK4JJIqUWsIgmAA_3d_3dE5ArrayIyLi1E1C7mutable7alignedE5ArrayIyLi1E1C7mutable7alignedEyyyy,@object
	.comm	_ZN08NumbaEnv6onelot6tailor9offtarget8counting8within21B2v3B56c8tJTIeFIjxB2IKSgI4CrvQCk0Z4yRYcWsBAK4JJIqUWsIgmAA_3d_3dE5ArrayIyLi1E1C7mutable7alignedE5ArrayIyLi1E1C7mutable7alignedEyyyy,8,8
	.type	_ZN08NumbaEnv6onelot6tailor9offtarget8counting5_sum7B2v4B56c8tJTIeFIjxB2IKSgI4CrvQCk0Z4yRYcWsBAK4JJIqUWsIgmAA_3d_3dEyyyyyyy,@object
	.comm	_ZN08NumbaEnv6onelot6tailor9offtarget8counting5_sum7B2v4B56c8tJTIeFIjxB2IKSgI4CrvQCk0Z4yRYcWsBAK4JJIqUWsIgmAA_3d_3dEyyyyyyy,8,8
	.type	_ZN08NumbaEnv6onelot6tailor9offtarget8counting5_sum3B2v5B56c8tJTIeFIjxB2IKSgI4CrvQCk0Z4yRYcWsBAK4JJIqUWsIgmAA_3d_3dEyyy,@object
	.comm	_ZN08NumbaEnv6onelot6tailor9offtarget8counting5_sum3B2v5B56c8tJTIeFIjxB2IKSgI4CrvQCk0Z4yRYcWsBAK4JJIqUWsIgmAA_3d_3dEyyy,8,8
	.type	_ZN08NumbaEnv6onelot6tailor9offtarget8counting7_withinB2v6B56c8tJTIeFIjxB2IKSgI4CrvQCk0Z4yRYcWsBAK4JJIqUWsIgmAA_3d_3dEyyyyyyyy,@object
	.comm	_ZN08NumbaEnv6onelot6tailor9offtarget8counting7_withinB2v6B56c8tJTIeFIjxB2IKSgI4CrvQCk0Z4yRYcWsBAK4JJIqUWsIgmAA_3d_3dEyyyyyyyy,8,8
	.section	".note.GNU-stack","",@progbits
