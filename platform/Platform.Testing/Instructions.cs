using System.Reflection;
using System.Reflection.Emit;
using System.Runtime.CompilerServices;

namespace Hikyaku.Platform.Testing;

/// <summary>One instruction that names a type or member.</summary>
/// <param name="Code">What it does.</param>
/// <param name="Member">What it names.</param>
public readonly record struct Instruction(OpCode Code, MemberInfo Member);

/// <summary>Reads what methods do from their compiled code (ECMA-335, partition III).</summary>
public static class Instructions
{
    private const BindingFlags Everything = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Static | BindingFlags.Instance | BindingFlags.DeclaredOnly;

    private static readonly Dictionary<short, OpCode> Codes = typeof(OpCodes).GetFields(BindingFlags.Public | BindingFlags.Static)
        .Select(f => (OpCode)f.GetValue(null)!).ToDictionary(c => c.Value);

    /// <summary>All methods of a type, constructors included.</summary>
    public static IEnumerable<MethodBase> MethodsOf(Type type)
    {
        ArgumentNullException.ThrowIfNull(type);
        return type.GetMethods(Everything).Concat<MethodBase>(type.GetConstructors(Everything));
    }

    /// <summary>
    /// The methods that run when <paramref name="start"/> does, as far as the code of <paramref name="own"/> assemblies goes:
    /// what is called, closures, and the bodies of async methods and iterators.
    /// </summary>
    public static IReadOnlySet<MethodBase> Reachable(MethodBase start, IReadOnlySet<Assembly> own)
    {
        ArgumentNullException.ThrowIfNull(own);
        var seen = new HashSet<MethodBase> { start };
        var open = new Stack<MethodBase>(seen);
        while (open.TryPop(out var method))
        {
            var next = Of(method).Select(i => i.Member).OfType<MethodBase>().Concat(BodyElsewhere(method)).Select(Definition);
            foreach (var called in next.Where(m => own.Contains(m.Module.Assembly)))
                if (seen.Add(called)) open.Push(called);
        }

        return seen;
    }

    /// <summary>The instructions of a method that name something.</summary>
    public static IEnumerable<Instruction> Of(MethodBase method)
    {
        ArgumentNullException.ThrowIfNull(method);
        var il = method.GetMethodBody()?.GetILAsByteArray() ?? [];
        for (var at = 0; at < il.Length;)
        {
            var code = Codes[il[at] == 0xFE ? (short)(0xFE00 | il[at + 1]) : il[at]];
            at += code.Size;
            if (code.OperandType is OperandType.InlineMethod or OperandType.InlineField or OperandType.InlineType or OperandType.InlineTok)
                yield return new(code, Resolve(method, BitConverter.ToInt32(il, at)));
            at += SizeOfOperand(code, il, at);
        }
    }

    private static MemberInfo Resolve(MethodBase method, int token)
        => method.Module.ResolveMember(token, method.DeclaringType?.GetGenericArguments(), method.IsGenericMethod ? method.GetGenericArguments() : null)!;

    private static int SizeOfOperand(OpCode code, byte[] il, int at) => code.OperandType switch
    {
        OperandType.InlineNone => 0,
        OperandType.ShortInlineBrTarget or OperandType.ShortInlineI or OperandType.ShortInlineVar => 1,
        OperandType.InlineVar => 2,
        OperandType.InlineI8 or OperandType.InlineR => 8,
        OperandType.InlineSwitch => 4 + (4 * BitConverter.ToInt32(il, at)),
        _ => 4,
    };

    private static IEnumerable<MethodBase> BodyElsewhere(MethodBase method)
        => method.GetCustomAttribute<StateMachineAttribute>() is { } machine
            ? machine.StateMachineType.GetMethods(Everything).Where(m => m.Name.EndsWith("MoveNext", StringComparison.Ordinal))
            : [];

    // One method for all its generic instances, so that the walk ends; those of arrays are the runtime's own.
    private static MethodBase Definition(MethodBase method) => method.DeclaringType is { IsArray: true } ? method : method.Module.ResolveMethod(method.MetadataToken)!;
}
