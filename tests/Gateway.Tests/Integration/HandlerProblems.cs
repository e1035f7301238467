using System.Reflection;
using System.Reflection.Emit;
using Hikyaku.Platform;
using Hikyaku.Platform.Testing;

namespace Hikyaku.Gateway.Tests.Integration;

/// <summary>The problem codes that a handler can answer, as far as its compiled code tells: what it calls, and what runs around every command.</summary>
internal sealed class HandlerProblems
{
    private static readonly Assembly Platform = typeof(ProblemCode).Assembly;
    private readonly Dictionary<MethodBase, IReadOnlyList<Instruction>> _read = [];

    /// <summary>All of them.</summary>
    public IEnumerable<ProblemCode> Of(MethodInfo handler)
    {
        var own = new HashSet<Assembly> { handler.Module.Assembly, Platform };
        var isCommand = handler.GetParameters().Any(p => p.ParameterType == typeof(CommandContext));
        MethodBase[] roots = isCommand ? [handler, typeof(CommandFilter).GetMethod(nameof(CommandFilter.InvokeAsync))!] : [handler];
        return roots.SelectMany(r => Reachable(r, own)).SelectMany(CodesIn).Distinct();
    }

    private HashSet<MethodBase> Reachable(MethodBase root, HashSet<Assembly> own)
    {
        var seen = new HashSet<MethodBase>();
        var open = new Stack<MethodBase>([root]);
        while (open.TryPop(out var next))
        {
            foreach (var method in Instructions.Reachable(next, own).Where(seen.Add).ToList())
                foreach (var table in TablesOf(method).Where(t => own.Contains(t.Module.Assembly) && !seen.Contains(t))) open.Push(table);
        }

        return seen;
    }

    // A rule may stand in a table that its type's initializer fills.
    private IEnumerable<MethodBase> TablesOf(MethodBase method)
        => Read(method).Where(i => i.Code == OpCodes.Ldsfld).Select(i => (FieldInfo)i.Member)
            .Where(f => f.FieldType != typeof(ProblemCode) && f.DeclaringType is { ContainsGenericParameters: false } type && !type.Name.EndsWith("Problems", StringComparison.Ordinal))
            .Select(f => f.DeclaringType!.TypeInitializer).OfType<MethodBase>();

    private IEnumerable<ProblemCode> CodesIn(MethodBase method)
        => Read(method).Where(i => i.Code == OpCodes.Ldsfld && i.Member is FieldInfo { DeclaringType.ContainsGenericParameters: false } field && field.FieldType == typeof(ProblemCode))
            .Select(i => (ProblemCode)((FieldInfo)i.Member).GetValue(null)!);

    private IReadOnlyList<Instruction> Read(MethodBase method)
    {
        if (!_read.TryGetValue(method, out var read)) _read[method] = read = [.. Instructions.Of(method)];
        return read;
    }
}
