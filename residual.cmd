@echo off
rem The same as the script 'residual' for Windows. It builds what is not there; after a change of a source, delete target.
setlocal
set "ROOT=%~dp0"
set "JAR=%ROOT%target\residual.jar"
set "JAVA=java"
if defined JAVA_HOME set "JAVA=%JAVA_HOME%\bin\java.exe"
if defined JAVA_HOME if not exist "%JAVA%" (
  echo residual: JAVA_HOME is "%JAVA_HOME%", which has no bin\java.exe: set it to a JDK, 17 or newer 1>&2
  exit /b 1
)
if not exist "%JAR%" (
  echo residual: building, the first time libraries of about 150 MB are downloaded 1>&2
  call mvn -q -f "%ROOT%pom.xml" -DskipTests -Dspotless.check.skip package 1>&2 || exit /b 1
)
rem Tables and bars are UTF-8.
for /f "tokens=2 delims=:." %%p in ('chcp') do set "CODEPAGE=%%p"
chcp 65001 >nul
set "RESIDUAL_COMMAND=%~n0"
if not defined RESIDUAL_HEAP set "RESIDUAL_HEAP=3g"
if not defined OMP_WAIT_POLICY set "OMP_WAIT_POLICY=PASSIVE"
"%JAVA%" -Xmx%RESIDUAL_HEAP% -Xmn32m -XX:+UseSerialGC -XX:-UsePerfData -Djdk.console=java.base --enable-native-access=ALL-UNNAMED -XX:+IgnoreUnrecognizedVMOptions -jar "%JAR%" %*
set "CODE=%ERRORLEVEL%"
if defined CODEPAGE chcp %CODEPAGE% >nul
exit /b %CODE%
