using BenchmarkDotNet.Running;
using Longspan.Micro;

// The sources are outside any benchmark's folder, so the in-process toolchain needs no second build of the solution.
BenchmarkSwitcher.FromAssembly(typeof(SignatureBenchmarks).Assembly).Run(args, new BenchmarkSettings());
